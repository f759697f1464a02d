"""At the maker's signature staged serials become a batch, in one transaction."""

from __future__ import annotations

from datetime import UTC, datetime

from pyroaring import BitMap

from apps.catalog import operations as catalog
from apps.catalog import queries as catalog_queries
from apps.core.bodies import Genesis
from apps.core.custody import fold, judge
from apps.core.custody.event import NewUnits
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.recall import Scope, parse_scope
from apps.core.subjects import Subject
from apps.custody.formats import to_bytes
from apps.custody.models import Commissioning, RecallRule, RecallScope, Staging
from apps.custody.operations import changes_sql
from apps.custody.operations.changes import Changes
from apps.custody.operations.heard import Heard, row_of
from apps.custody.operations.registering import register_staged
from apps.custody.queries.ground import Ground, lock_and_read
from apps.custody.queries.lines import SaidLine
from apps.custody.queries.names import Names
from apps.custody.queries.resolve import Named, build_event
from apps.custody.queries.scopes import units_in_scope
from apps.custody.queries.sums import Line
from apps.custody.queries.touching import Found
from apps.pools import operations as pools


def _find_staging(subject: Subject) -> Staging:
    """The staged serials that a commissioning's subject signs.

    Raises:
        LedgerConflict: `serials_not_staged`.
    """
    serials = subject.serials
    if serials is not None:
        for staging in Staging.objects.filter(tag=subject.tag, root=serials.root):
            if (staging.base, staging.size) == (serials.base, serials.size):
                return staging
    raise LedgerConflict(
        "serials_not_staged",
        field="subjects.serials.root",
        got="none of that root",
        wanted="the root of a file that was uploaded and checked",
    )


def _new_units(staging: Staging) -> NewUnits[BitMap]:
    """What the law judges of staged serials."""
    return NewUnits(
        tag=bytes(staging.tag).hex(),
        gtin=staging.product.gtin,
        lot=staging.lot,
        expiry_date=staging.expiry_date,
        base=staging.base,
        size=staging.size,
        units=BitMap(range(staging.base, staging.base + staging.size)),
    )


def record_commissioning(each: Heard, line: SaidLine, genesis: Genesis) -> Changes:
    """Judge the statement that begins or grows a lot, and write what follows.

    Returns:
        Its changes, of which the forward vectors are still to be written.

    Raises:
        MalformedInput: `commission_alone`: the statement says something else too.
        ForbiddenTransfer: the law refuses it.
        LedgerConflict: `serials_not_staged`; `event_differs`; `serial_taken`: another
            upload was faster with a serial.
    """
    statement = each.submission.statement
    if statement.kind != "event" or len(statement.subjects) != 1:
        raise MalformedInput(
            "commission_alone",
            field="kind",
            got=statement.kind,
            wanted="one commissioning a statement, of kind event",
        )
    (subject,) = statement.subjects
    staging = _find_staging(subject)
    _verify_announced(line, staging)
    ground = _lock_and_read(staging, by=each.by, genesis=genesis)
    event = build_event(
        line.said,
        Named({}, ()),
        ground.loaded,
        ref=line.ref,
        by=each.by,
        parents=line.parents,
        new_units=_new_units(staging),
    )
    judgement = judge(ground.loaded.state, event, each.accepted_ms)
    fold(ground.loaded.state, event, judgement, each.accepted_ms)
    batch_id = _grow(staging, statement_id=line.ref, accepted_ms=each.accepted_ms)
    ground.loaded.batch_ids[bytes(staging.tag).hex()] = batch_id
    changes = Changes(ground)
    changes.note(row_of(each, line), judgement)
    changes_sql.write(changes)
    _settle(staging, batch_id, statement_id=line.ref, accepted_ms=each.accepted_ms)
    each.moved.append(
        Line(line.event, line.signed_parents, event.units, each.by, subject.serials)
    )
    return changes


def _verify_announced(line: SaidLine, staging: Staging) -> None:
    lot = line.said.lot
    found = (staging.product.gtin, staging.lot, staging.size, staging.expiry_date)
    if lot is None or (lot.gtin, lot.lot, lot.quantity, lot.expiry_date) != found:
        raise LedgerConflict(
            "event_differs",
            field="body",
            got=str(lot),
            wanted="GTIN, lot, quantity and expiry date of the staged serials",
        )


def _lock_and_read(staging: Staging, *, by: str, genesis: Genesis) -> Ground:
    """The ground of a lot that grows.

    The product is locked until the end: lots of one product come one after another,
    so two uploads of a new lot cannot both find it absent.
    """
    catalog.lock_product(gtin=staging.product.gtin)
    batch = catalog_queries.find_batch(gtin=staging.product.gtin, lot=staging.lot)
    batch_ids = set() if batch is None else {batch.pk}
    found = Found(Names(is_changing=True), batch_ids=batch_ids)
    return lock_and_read(found, by=by, genesis=genesis)


def _grow(staging: Staging, *, statement_id: str, accepted_ms: int) -> int:
    """Make the lot, or make it larger, by serials with their evidence; its row."""
    batch = catalog.grow_batch(
        product=staging.product,
        lot=staging.lot,
        expiry_date=staging.expiry_date,
        tag=bytes(staging.tag),
        size=staging.size,
        statement_id=statement_id,
        accepted_ms=accepted_ms,
    )
    Commissioning.objects.create(
        batch=batch,
        statement_id=statement_id,
        base=staging.base,
        size=staging.size,
        root=staging.root,
        seed=staging.seed,
    )
    register_staged(staging=staging, batch_id=batch.pk)
    return batch.pk


def _settle(
    staging: Staging, batch_id: int, *, statement_id: str, accepted_ms: int
) -> None:
    """What waited for the signature waits no more."""
    _inherit_recalls(staging, batch_id)
    pools.commission_claimed(
        staging_id=staging.pk,
        statement_id=statement_id,
        at=datetime.fromtimestamp(accepted_ms / 1000, UTC),
    )
    staging.delete()


def _inherit_recalls(staging: Staging, batch_id: int) -> None:
    """A lot commissioned in an open scope is born recalled."""
    for rule in RecallRule.objects.filter(product=staging.product):
        scope = parse_scope(rule.scope)
        if not scope.covers_batch(lot=staging.lot, expiry_date=staging.expiry_date):
            continue
        if scope.names_serials:
            _cover_named(rule, scope, batch_id)
            continue
        RecallScope.objects.get_or_create(
            recall_id=rule.recall_id,
            batch_id=batch_id,
            defaults={"is_whole": True, "units": b""},
        )


def _cover_named(rule: RecallRule, scope: Scope, batch_id: int) -> None:
    units = units_in_scope(batch_id=batch_id, scope=scope)
    if units:
        RecallScope.objects.update_or_create(
            recall_id=rule.recall_id,
            batch_id=batch_id,
            defaults={"is_whole": False, "units": to_bytes(units)},
        )

"""At the maker's signature staged serials become a batch, in one transaction."""

from __future__ import annotations

from datetime import UTC, datetime

from pyroaring import BitMap

from apps.catalog import operations as catalog
from apps.catalog import queries as catalog_queries
from apps.core.custody import CustodyEvent, Judgement, Move
from apps.core.custody.effects import Commission
from apps.core.custody.event import NewUnits
from apps.core.errors import LedgerConflict
from apps.core.recall import Scope, parse_scope
from apps.core.subjects import Subject
from apps.custody.formats import to_bytes
from apps.custody.models import (
    Commissioning,
    Event,
    RecallRule,
    RecallScope,
    Staging,
)
from apps.custody.operations import forward
from apps.custody.operations.project import add_line, put_in_holding
from apps.custody.operations.registering import register_staged
from apps.custody.queries.lines import SaidLine
from apps.custody.queries.load import Loaded, Touched, load
from apps.custody.queries.resolve import Named, build_event
from apps.custody.queries.scopes import units_in_scope
from apps.pools import operations as pools


def find_staging(subject: Subject) -> Staging:
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


def new_units(staging: Staging) -> NewUnits[BitMap]:
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


def load_for(
    staging: Staging, line: SaidLine, *, by: str
) -> tuple[Loaded, CustodyEvent[BitMap]]:
    """The state and the event by which the law judges a commissioning.

    The product is locked until the end: lots of one product come one after another,
    so two uploads of a new lot cannot both find it absent.
    """
    catalog.lock_product(gtin=staging.product.gtin)
    batch = catalog_queries.find_batch(gtin=staging.product.gtin, lot=staging.lot)
    loaded = load(
        Touched(
            by=by,
            destination="",
            loose={},
            container_ids=frozenset(),
            parents=line.parents,
            is_error=False,
            grows=frozenset() if batch is None else frozenset({batch.pk}),
        )
    )
    event = build_event(
        line.said,
        Named({}, (), {}),
        loaded,
        ref=line.ref,
        by=by,
        parents=line.parents,
        new_units=new_units(staging),
    )
    return loaded, event


def commission(*, staging: Staging, event: Event, judgement: Judgement[BitMap]) -> int:
    """Make the batch visible: registry, serial chunks, holding; its row's number.

    Raises:
        LedgerConflict: `serial_taken`: another upload was faster with a serial.
    """
    (effect,) = judgement.effects
    assert isinstance(effect, Commission)  # noqa: S101 - the rule has this one effect
    batch = catalog.grow_batch(
        product=staging.product,
        lot=staging.lot,
        expiry_date=staging.expiry_date,
        tag=bytes(staging.tag),
        size=staging.size,
        statement_id=event.statement_id,
        accepted_ms=event.accepted_ms,
    )
    Commissioning.objects.create(
        batch=batch,
        statement_id=event.statement_id,
        base=staging.base,
        size=staging.size,
        root=staging.root,
        seed=staging.seed,
    )
    register_staged(staging=staging, batch_id=batch.pk)
    move = Move(effect.new.tag, effect.new.units, None, effect.place)
    holding = put_in_holding(batch.pk, move)
    forward.add_chunks(
        batch_id=batch.pk, base=staging.base, size=staging.size, holding_id=holding.pk
    )
    add_line(event, batch.pk, move)
    _inherit_recalls(staging, batch.pk)
    pools.commission_claimed(
        staging_id=staging.pk,
        statement_id=event.statement_id,
        at=datetime.fromtimestamp(event.accepted_ms / 1000, UTC),
    )
    staging.delete()
    return batch.pk


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

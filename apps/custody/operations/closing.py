"""Closing the books: old statements about goods go, what they led to stays.

    1. `prepare_closing` chooses what is past every period of the law and writes down
       the whole custody state, as a draft;
    2. the operator signs the digest of that state and the leaves that are erased;
    3. `close_books` checks both, keeps the state for ever in place of the statements,
       and deletes their bytes, salts and seeds.

Lots are entangled by mixed pallets, files of events and containers that are used
again, so neither one lot's state nor a replay with holes would be sound.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from django.db import connection, transaction

from apps.core.bodies import Erasure, read_body
from apps.core.envelope import statement_id
from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.core.retention import SnapshotDigest
from apps.core.statement import Statement
from apps.custody.models import (
    Closing,
    ClosingDraft,
    ClosingDraftPart,
    ClosingPart,
    Commissioning,
    Discrepancy,
    Event,
    EventChunk,
    EventLine,
    Shipment,
    ShipmentLine,
)
from apps.custody.operations.clock import verify_in_time
from apps.custody.queries.erasable import (
    RULE,
    ErasureJudge,
    Meant,
    list_erasable,
    meant_by,
)
from apps.custody.queries.snapshot import snapshot_lines
from apps.custody.references import events_of, statement_of
from apps.ledger import operations as ledger
from apps.ledger import queries as ledger_queries
from apps.ledger.formats import as_ms
from apps.ledger.operations import Accepted, Submission
from apps.partners import operations as partners
from apps.partners import queries as partner_queries

_PART_LINES: Final = 1_024
_PAGE: Final = 500  # rows of one DELETE


def prepare_closing(*, legal_basis: str, at: datetime) -> ClosingDraft:
    """Write down the custody state without what may be erased; an older draft goes.

    Nobody records goods meanwhile: what the operator signs is one moment's state.

    Raises:
        ForbiddenTransfer: `retention_period`: nothing may be erased yet.
    """
    with transaction.atomic(durable=True):
        _stop_recording()
        meant = list_erasable(at_ms=as_ms(at))
        if not meant:
            raise ForbiddenTransfer(
                "retention_period",
                rule=RULE,
                got="nothing past its period",
                wanted="statements on goods older than six years",
            )
        ClosingDraft.objects.all().delete()
        draft = ClosingDraft.objects.create(
            id=uuid.uuid4(),
            created_at=at,
            legal_basis=legal_basis,
            indices=sorted(leaf.index for each in meant for leaf in each.leaves),
            statements=ledger_queries.count_goods(),
            last_event=_last_event(),
            digest=b"",
        )
        draft.digest = _write_parts(draft, {each.row.pk for each in meant})
        draft.save(update_fields=["digest"])
    return draft


def _last_event() -> int:
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _stop_recording() -> None:
    """Wait for whoever records goods, and keep others out until the transaction ends.

    Every event's row is written under this lock before anything else is. On SQLite
    the transaction began IMMEDIATE and is alone.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE custody_event IN EXCLUSIVE MODE")


def _write_parts(draft: ClosingDraft, erased: Collection[str]) -> bytes:
    digest = SnapshotDigest()
    lines = digest.feed(
        snapshot_lines(
            ledger=partner_queries.get_genesis().origin,
            statements=draft.statements,
            erased=erased,
        )
    )
    for number, data in enumerate(_packed(lines)):
        ClosingDraftPart.objects.create(draft=draft, number=number, data=data)
    return digest.digest


def _packed(lines: Iterator[bytes]) -> Iterator[bytes]:
    while part := b"".join(islice(lines, _PART_LINES)):
        yield zlib.compress(part)


def close_books(submission: Submission) -> Accepted:
    """Accept kind erasure: the closing that was prepared, signed by the operator.

    1. Every signature verifies; `by` is the operator.
    2. Nobody records goods; the leaves named are whole statements past every period.
    3. The digest is that of the draft; the subjects are the tags of the leaves.
    4. The snapshot takes the place of an older one.
    5. Rows, bytes, salts, receipts and seeds of the statements go.
    6. The statement is appended, as the last step.

    Raises:
        ForbiddenTransfer: `retention_period`, `units_in_transit`, `recall_open`.
        LedgerConflict: `closing_not_prepared`, `closing_outdated`, `statement_erased`,
            `subjects_differ`.
        MalformedInput: `unknown_leaf`, `not_erasable`, `statement_in_part`, or a body
            that cannot be read.
        UntrustedSignature: as `partners.operations.authenticate`.
    Source: DESIGN section 3, type 5; section 5, "Sealed".
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, Erasure):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    # 1.
    partners.authenticate(submission=submission)
    verify_in_time(submission=submission, accepted_ms=submission.at_ms)
    # 2.
    _stop_recording()
    meant = meant_by(body.indices)
    ErasureJudge(at_ms=submission.at_ms).verify_all(meant)
    # 3.
    draft = _find_draft(body)
    erased = [each.row.pk for each in meant]
    _verify_unnamed_since(draft, set(erased))
    _verify_subjects(statement, meant)
    # 4.
    identity = statement_id(submission.envelope)
    _keep(draft, identity)
    # 5.
    for start in range(0, len(erased), _PAGE):
        _erase(erased[start : start + _PAGE], erased_by=identity)
    # 6.
    return ledger.append_statement(submission=submission, accepted_ms=submission.at_ms)


def _find_draft(body: Erasure) -> ClosingDraft:
    """The draft that was signed, word for word.

    Raises:
        LedgerConflict: `closing_not_prepared`.
    """
    draft = ClosingDraft.objects.filter(digest=body.snapshot_digest).first()
    if draft is None or (draft.indices, draft.legal_basis) != (
        list(body.indices),
        body.legal_basis,
    ):
        raise LedgerConflict(
            "closing_not_prepared",
            field="body",
            got=body.snapshot_digest.hex(),
            wanted="leaves, legal basis and digest of the closing that was prepared",
        )
    return draft


def _verify_unnamed_since(draft: ClosingDraft, erased: Collection[str]) -> None:
    """What was recorded since the draft must not rest on what goes.

    Raises:
        LedgerConflict: `closing_outdated`.
    """
    since = Event.objects.filter(pk__gt=draft.last_event)
    for ref, *named in since.values_list("ref", "parent_ref", "shipment_ref"):
        if any(statement_of(name) in erased for name in named):
            raise LedgerConflict(
                "closing_outdated",
                got=ref,
                wanted="a closing prepared after this event",
            )


def _verify_subjects(statement: Statement, meant: Sequence[Meant]) -> None:
    wanted = sorted({leaf.tag for each in meant for leaf in each.leaves})
    if [(each.tag, each.moved) for each in statement.subjects] != [
        (tag, None) for tag in wanted
    ]:
        raise LedgerConflict(
            "subjects_differ",
            field="subjects",
            got=f"{len(statement.subjects)} subjects as signed",
            wanted=f"the {len(wanted)} tags of the leaves that are erased",
        )


def _keep(draft: ClosingDraft, signed_as: str) -> None:
    """The draft's snapshot becomes the sealed one; the older one goes."""
    newest = Closing.objects.order_by("-number").first()
    closing = Closing.objects.create(
        number=newest.number + 1 if newest else 1,
        statement_id=signed_as,
        statements=draft.statements,
        digest=bytes(draft.digest),
    )
    for part in draft.parts.order_by("number").iterator(chunk_size=1):
        ClosingPart.objects.create(
            closing=closing, number=part.number, data=bytes(part.data)
        )
    ClosingPart.objects.exclude(closing=closing).delete()
    draft.delete()


def _erase(statement_ids: Sequence[str], *, erased_by: str) -> None:
    """Bytes, salts, receipts, seeds, and every row that says what they said."""
    for each in statement_ids:
        said = Event.objects.filter(ref__range=events_of(each))
        events = list(said.values_list("pk", flat=True))
        for model, field in (
            (Discrepancy, "shipment_id"),
            (ShipmentLine, "shipment_id"),
            (Shipment, "event_id"),
            (EventChunk, "line__event_id"),
            (EventLine, "event_id"),
        ):
            model._default_manager.filter(**{f"{field}__in": events}).delete()
        said.delete()
        ledger.erase_vault(statement_id=each, erased_by=erased_by)
    Commissioning.objects.filter(statement_id__in=statement_ids).delete()

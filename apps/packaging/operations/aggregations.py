"""Taking a file of packing in, bringing it up to date, and giving it up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.intake.formats.rows import clip
from apps.jobs import operations as jobs
from apps.ledger.formats import Draft
from apps.packaging.models import (
    OPEN_STATES,
    UNCHECKED_STATES,
    Aggregation,
    AggregationDraft,
    AggregationError,
    AggregationState,
)
from apps.packaging.operations.files import receive_file, remove_files
from apps.packaging.operations.restarting import is_dead, is_lost
from apps.packaging.queries.aggregations import (
    draft_statement,
    find_aggregation,
    find_signed,
)
from apps.packaging.queries.files import sent_path
from apps.partners import queries as partners
from apps.partners.queries import Actor

JOB_KIND: Final = "packaging.check"
TASK: Final = "packaging.check_aggregation"
_MAX_OPEN: Final = 100
_STAGED_FOR: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PackWish:
    """What the form says: whose packs the file packs, and where; `lot` "" is any."""

    gtin: str
    lot: str
    site: str


def receive_aggregation(
    *,
    wish: PackWish,
    file_name: str,
    chunks: Iterable[bytes],
    actor: Actor,
    at: datetime,
) -> Aggregation:
    """Keep the file and order its check, or answer with the open one of the same bytes.

    Raises:
        MalformedInput: `unknown_site`, `empty`, `too_large`.
        LedgerConflict: `too_many_uploads`: 100 of this partner are open.
    """
    if actor.partner is None or actor.user is None:
        raise UntrustedSignature(
            "no_organisation", field="by", wanted="a person of a partner"
        )
    _verify_site(wish.site, actor.gln)
    key = uuid4()
    kept = receive_file(key, chunks)
    row = Aggregation(
        id=key,
        partner=actor.partner,
        user=actor.user,
        gtin=wish.gtin,
        lot=wish.lot,
        site=wish.site,
        file_name=clip(file_name),
        file_digest=kept.digest,
        size_bytes=kept.size_bytes,
        created_at=at,
    )
    try:
        found = _find_or_write(row, at)
    except BaseException:
        sent_path(key).unlink(missing_ok=True)
        raise
    if found.pk != key:
        sent_path(key).unlink(missing_ok=True)
    return found


def refresh_aggregation(
    *, aggregation_id: UUID, actor: Actor, at: datetime
) -> Aggregation | None:
    """The actor's file, brought up to date with what was signed since, or None."""
    row = find_aggregation(aggregation_id=aggregation_id, actor=actor)
    if row is not None and _settle(row, at):
        row.refresh_from_db()
    return row


def hand_out_draft(*, aggregation: Aggregation, actor: Actor, at: datetime) -> Draft:
    """The statement to sign; its id is kept, so that the signed one is known again.

    Raises:
        MalformedInput: `not_staged`.
    """
    draft = draft_statement(aggregation=aggregation, actor=actor, at=at)
    AggregationDraft.objects.create(
        statement_id=draft.statement_id, aggregation=aggregation
    )
    return draft


def cancel_aggregation(*, aggregation_id: UUID, at: datetime) -> None:
    """Give the file up: stop its check, forget what was to be signed.

    Raises:
        LedgerConflict: `upload_closed`: it was refused, signed or cancelled before.
    """
    row = Aggregation.objects.get(pk=aggregation_id)
    _settle(row, at)
    with transaction.atomic():
        changed = Aggregation.objects.filter(
            pk=aggregation_id, state__in=OPEN_STATES
        ).update(state=AggregationState.CANCELLED, finished_at=at)
        if not changed:
            row.refresh_from_db()
            raise LedgerConflict(
                "upload_closed", field="state", got=row.state, wanted="an open file"
            )
        if row.job_id is not None:
            jobs.cancel(job_id=row.job_id, at=at)
        # Not before it is sure: a file cannot be rolled back.
        transaction.on_commit(partial(remove_files, aggregation_id))


def sweep_aggregations(*, at: datetime) -> dict[str, int]:
    """Settle all, forget what nobody signed, start again what nobody checks."""
    staged = Aggregation.objects.filter(state=AggregationState.STAGED)
    settled = sum(_settle(row, at) for row in staged)
    expired = 0
    for row in staged.filter(finished_at__lte=at - _STAGED_FOR):
        expired += staged.filter(pk=row.pk).update(state=AggregationState.CANCELLED)
        remove_files(row.pk)
    return {"settled": settled, "expired": expired, "restarted": _restart_lost(at)}


def _settle(row: Aggregation, at: datetime) -> int:
    if row.state != AggregationState.STAGED:
        return 0
    signed = find_signed(row)
    if not signed:
        return 0
    changed = Aggregation.objects.filter(
        pk=row.pk, state=AggregationState.STAGED
    ).update(state=AggregationState.SIGNED, statement_id=signed, finished_at=at)
    remove_files(row.pk)
    return changed


def _restart_lost(at: datetime) -> int:
    """Order checks anew whose message was lost; refuse what ended five workers."""
    count = 0
    for row in Aggregation.objects.filter(state__in=UNCHECKED_STATES):
        if is_dead(row.job_id):
            count += _refuse_dead(row, at)
        elif is_lost(row.job_id, at=at):
            with transaction.atomic():
                _enqueue(row, at)
            count += 1
    return count


def _refuse_dead(row: Aggregation, at: datetime) -> int:
    with transaction.atomic():
        changed = Aggregation.objects.filter(
            pk=row.pk, state__in=UNCHECKED_STATES
        ).update(state=AggregationState.REFUSED, error_count=1, finished_at=at)
        if changed:
            AggregationError.objects.create(
                aggregation=row,
                line_no=0,
                code="check_failed",
                wanted="a file that can be checked; tell the operator",
            )
    return changed


def _find_or_write(row: Aggregation, at: datetime) -> Aggregation:
    try:
        with transaction.atomic():
            return _find_same(row) or _write(row, at)
    except IntegrityError:
        # Somebody sent the same file at the same moment.
        found = _find_same(row)
        if found is None:
            raise
        return found


def _find_same(row: Aggregation) -> Aggregation | None:
    return Aggregation.objects.filter(
        partner=row.partner,
        file_digest=row.file_digest,
        gtin=row.gtin,
        lot=row.lot,
        site=row.site,
        state__in=OPEN_STATES,
    ).first()


def _write(row: Aggregation, at: datetime) -> Aggregation:
    still_open = Aggregation.objects.filter(partner=row.partner, state__in=OPEN_STATES)
    if still_open.count() >= _MAX_OPEN:
        raise LedgerConflict(
            "too_many_uploads",
            field="file",
            got=f"{_MAX_OPEN} that are open",
            wanted="sign or cancel some of your open files",
        )
    row.job_id = jobs.open_job(kind=JOB_KIND, subject=str(row.pk), total=0, at=at)
    row.save(force_insert=True)
    _enqueue(row, at)
    return row


def _enqueue(row: Aggregation, at: datetime) -> None:
    jobs.enqueue(task=TASK, kwargs={"aggregation_id": str(row.pk)}, at=at)


def _verify_site(site_gln: str, gln: str) -> None:
    site = partners.find_site(site_gln)
    if site is None or site.partner.gln != gln:
        raise MalformedInput(
            "unknown_site",
            field="site",
            got=site_gln,
            wanted="the GLN of a site of yours",
        )

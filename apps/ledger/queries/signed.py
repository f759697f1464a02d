"""Accepted statements by the keys that signed them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from apps.core.envelope import join_envelope
from apps.core.statement import PARTY_KINDS
from apps.ledger.models import Statement, Vault

_PAGE: Final = 500  # rows
# Time and order of acceptance differ by what somebody waited for a lock, and by the
# clocks of parents: never by a day.
_SLACK_MS: Final = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class SignedRow:
    """An accepted statement and the keys that signed it."""

    id: str
    accepted_ms: int
    kind: str
    by: str
    signer: str
    keyids: frozenset[str]


def list_signed(*, ids: Collection[str]) -> list[SignedRow]:
    """The statements with these ids, in order of acceptance; unknown ones are absent."""
    rows = Statement.objects.filter(id__in=list(ids)).order_by("accept_no")
    return [_signed(row) for row in rows]


def envelopes_of(*, ids: Collection[str]) -> dict[str, bytes]:
    """The RFC 8785 bytes of stored envelopes by id; unknown and erased are absent."""
    rows = Vault.objects.only("payload", "signatures").filter(pk__in=list(ids))
    return {
        row.pk: join_envelope(
            payload=bytes(row.payload), signatures=bytes(row.signatures)
        )
        for row in rows
    }


def iter_signed_since(
    *, keyids: Collection[str], by: str, since_ms: int, until: str, cosigns: bool
) -> Iterator[SignedRow]:
    """What any of `keyids` signed from `since_ms` on, the latest first.

    Args:
        by: the party that speaks in these statements.
        until: id of the statement before which they were accepted.
        cosigns: also what others say of parties and keys, which an office co-signs.
    """
    end = Statement.objects.filter(id=until).values_list("accept_no", flat=True).first()
    rows = Statement.objects.all() if end is None else _before(end)
    wanted = rows.filter(by=by)
    if cosigns:
        wanted = wanted | rows.filter(kind__in=PARTY_KINDS)
    signing = set(keyids)
    for row in _back_to(wanted, since_ms):
        if row.accepted_ms >= since_ms and row.keyids & signing:
            yield row


def _before(accept_no: int) -> QuerySet[Statement]:
    return Statement.objects.filter(accept_no__lt=accept_no)


def _back_to(rows: QuerySet[Statement], since_ms: int) -> Iterator[SignedRow]:
    """Rows from the latest back, a page at a time, until they are surely too old."""
    latest: dict[str, Any] = {}
    while page := list(rows.filter(**latest).order_by("-accept_no")[:_PAGE]):
        yield from map(_signed, page)
        if max(row.accepted_ms for row in page) < since_ms - _SLACK_MS:
            return
        latest = {"accept_no__lt": page[-1].accept_no}


def _signed(row: Statement) -> SignedRow:
    return SignedRow(
        id=row.id,
        accepted_ms=row.accepted_ms,
        kind=row.kind,
        by=row.by,
        signer=row.signer,
        keyids=frozenset(row.keyids.split()),
    )

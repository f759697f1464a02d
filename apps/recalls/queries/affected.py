"""The affected units of a recall, as its opener and a regulator see them."""

from __future__ import annotations

from collections.abc import Iterator

from apps.custody.queries.registry import serials_of
from apps.partners.formats import as_datetime
from apps.recalls.formats import TIERS, count_words, harmless
from apps.recalls.queries.case import Case
from apps.recalls.queries.shares import AffectedRow, rows_of

COLUMNS = (
    "gtin", "product", "lot", "expiry_date", "tier", "status", "packs", "holder",
    "holder_name", "role", "country", "site", "site_name", "contact", "address",
    "email", "phone", "answered_at", "answer", "note",
)  # fmt: skip
_SERIALS_AT_ONCE = 10_240


def affected(case: Case) -> list[AffectedRow]:
    """Every unit the recall means, by tier, holder, lot, site and status."""
    return rows_of(case.meant, answers=case.answers)


def csv_lines(rows: list[AffectedRow], *, with_serials: bool) -> Iterator[list[str]]:
    """The table for a spreadsheet, its head first; cells begin like no formula.

    Args:
        with_serials: one line a pack, its serial in the last column.
    """
    yield [*COLUMNS, "serial"] if with_serials else [*COLUMNS]
    for row in rows:
        cells = [harmless(cell) for cell in _cells(row)]
        if not with_serials:
            yield cells
            continue
        for serial in _serials(row):
            # One pack a line; the count stays that of the line.
            yield [*cells[:6], "1", *cells[7:], harmless(serial)]


def _cells(row: AffectedRow) -> tuple[object, ...]:
    answer = row.answer
    return (
        *(row.gtin, row.product, row.lot, row.expiry_date.isoformat()),
        *(TIERS[row.tier], row.status_words, row.count),
        *(row.holder, row.holder_name, row.role, row.country),
        *(row.site, row.site_name),
        *(row.contact.name, row.contact.address, row.contact.email, row.contact.phone),
        as_datetime(answer.answered_ms).isoformat() if answer else "",
        count_words(answer.counts) if answer else "",
        answer.note if answer else "",
    )


def _serials(row: AffectedRow) -> Iterator[str]:
    ordinals = list(row.units)
    for start in range(0, len(ordinals), _SERIALS_AT_ONCE):
        part = ordinals[start : start + _SERIALS_AT_ONCE]
        yield from serials_of(batch_id=row.batch_id, ordinals=part).values()

"""One pack: where it is now, and the links of its custody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from apps.core.custody import HoldKey
from apps.core.errors import Unavailable
from apps.custody.formats import CHUNK, to_set
from apps.custody.models import RecallScope
from apps.custody.queries.archived import find_archived
from apps.custody.queries.members import (
    MAY_HOLD,
    chunk_lines,
    pack_arguments,
    with_pack,
)
from apps.custody.references import reference_text, statement_of, statement_sql

_UNIT, _RECALL, _HOLD = range(3)
# The pack's own row first, then recalls and holds in its batch in the order they came.
_FIND = f"""
WITH unit AS (
  SELECT s.batch_id, s.ordinal, b.lot, CAST(b.expiry_date AS text) AS expiry_date,
    p.name, p.strength, p.pack_size, o.gln AS brand_owner,
    vector_at(f.holdings, s.ordinal %% {CHUNK}) AS holding_id,
    vector_at(f.containers, s.ordinal %% {CHUNK}) AS container_id
  FROM catalog_product p
  JOIN partners_tradingpartner o ON o.id = p.brand_owner_id
  JOIN custody_serialnumber s ON s.product_id = p.id AND s.serial = %s
  JOIN catalog_batch b ON b.id = s.batch_id
  LEFT JOIN custody_forwardchunk f
    ON f.batch_id = s.batch_id AND f.chunk_no = s.ordinal / {CHUNK}
  WHERE p.gtin = %s)
SELECT {_UNIT}, u.batch_id, u.ordinal, h.holder, h.site, h.status,
  COALESCE(c.epc, ''), u.lot, u.expiry_date, TRIM(u.name || ' ' || u.strength),
  u.pack_size, u.brand_owner, NULL
FROM unit u
LEFT JOIN custody_holding h ON h.id = u.holding_id
LEFT JOIN custody_container c ON c.id = u.container_id
UNION ALL
SELECT {_RECALL}, r.id, CASE WHEN r.is_whole THEN 1 ELSE 0 END, r.recall_id,
  '', '', '', '', '', '', '', '', r.units
FROM unit u JOIN custody_recallscope r ON r.batch_id = u.batch_id
UNION ALL
SELECT {_HOLD}, k.id, 0, k.owner, k.reason, '', '', '', '', '', '', '', k.units
FROM unit u JOIN custody_batchhold k ON k.batch_id = u.batch_id
"""  # noqa: S608 - numbers of ours
# What a link is made of, of an event `e` and its line `l`: numbers, texts, references.
LINK_COLUMNS = (
    "e.accepted_ms, e.event_time_ms, e.is_inferred, e.is_corrected,"
    ' e.rule, e."by", e.site, l.source_holder, l.target_holder, l.target_status,'
    " e.counterparty, e.ref, e.shipment_ref"
)
_LINK_SIZE = LINK_COLUMNS.count(",") + 1
_HISTORY = f"""
SELECT l.units, {LINK_COLUMNS}
FROM {{lines}}
JOIN custody_event e ON e.id = l.event_id
WHERE {MAY_HOLD}
ORDER BY l.id
"""  # noqa: S608 - columns of ours


@dataclass(frozen=True, slots=True)
class Unit:
    """A pack as the ledger knows it now.

    Attributes:
        holder: GLN of who holds it, or answers for it under way.
        recall_ids: open recalls that cover it, the first opened first.
        holds: who put it on hold, and why, the first of them first.
        container: EPC of its innermost container, "" when it is loose.
        product: name and strength.
        brand_owner: GLN of who registered the product.
    """

    batch_id: int
    ordinal: int
    gtin: str
    lot: str
    serial: str
    expiry_date: date
    holder: str
    site: str
    status: str
    recall_ids: tuple[str, ...]
    holds: tuple[HoldKey, ...]
    container: str
    product: str
    pack_size: str
    brand_owner: str

    @property
    def is_recalled(self) -> bool:
        """Whether an open recall covers the pack."""
        return bool(self.recall_ids)


@dataclass(frozen=True, slots=True)
class Link:
    """One step in a pack's custody.

    Attributes:
        counterparty: GLN of the addressee, "" where the step has none.
        shipment_ref: the despatch that the step opens or settles, "" if none.
    """

    ref: str
    rule: str
    by: str
    site: str
    source_holder: str
    target_holder: str
    target_status: str
    accepted_ms: int
    event_time_ms: int
    is_inferred: bool
    is_corrected: bool
    counterparty: str
    shipment_ref: str

    @property
    def statement_id(self) -> str:
        """The statement that said it."""
        return statement_of(self.ref)


def find_unit(*, gtin: str, serial: str) -> Unit | None:
    """The pack with this GTIN-14 and serial, or None: it was never commissioned.

    One question: every scan asks it.

    Raises:
        Unavailable: `part_detached`: where it is stands in a part that is being moved.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [serial, gtin])
        rows = sorted(cursor.fetchall())
    rows = rows or _find_cold(gtin, serial)
    if not rows:
        return None
    batch_id, ordinal, *texts = rows[0][1:12]
    holder, site, status, container, lot, expiry, product, pack_size, owner = texts
    if holder is None:
        # It was commissioned: "never heard of" would make a falsified pack of it.
        raise Unavailable("part_detached", retry_after_seconds=300)
    covering = [row for row in rows[1:] if row[2] or ordinal in to_set(row[12])]
    return Unit(
        batch_id=batch_id,
        ordinal=ordinal,
        gtin=gtin,
        lot=lot,
        serial=serial,
        expiry_date=date.fromisoformat(expiry),
        holder=holder,
        site=site,
        status=status,
        recall_ids=tuple(row[3] for row in covering if row[0] == _RECALL),
        holds=tuple(HoldKey(row[3], row[4]) for row in covering if row[0] == _HOLD),
        container=container,
        product=product,
        pack_size=pack_size,
        brand_owner=owner,
    )


def _find_cold(gtin: str, serial: str) -> list[Any]:
    """A cold lot's serials stand in blocks: asked for only where there is no row."""
    found = find_archived(gtin=gtin, serials=[serial])
    if serial not in found:
        return []
    row = "custody_serialnumber s ON s.product_id = p.id AND s.serial = %s"
    place = "SELECT CAST(%s AS bigint) AS batch_id, CAST(%s AS integer) AS ordinal"
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND.replace(row, f"({place}) s ON TRUE"), [*found[serial], gtin]
        )
        return sorted(cursor.fetchall())


def recalls_of(*, batch_id: int, ordinal: int) -> tuple[str, ...]:
    """Open recalls that cover one unit, the first opened first."""
    scopes = RecallScope.objects.filter(batch_id=batch_id).order_by("pk")
    return tuple(
        scope.recall_id
        for scope in scopes
        if scope.is_whole or ordinal in to_set(scope.units)
    )


def recalls_of_batch(*, batch_id: int) -> tuple[tuple[str, bool], ...]:
    """Open recalls in the batch, the first opened first; True: all of its units."""
    scopes = RecallScope.objects.filter(batch_id=batch_id).order_by("pk")
    return tuple(scopes.values_list("recall_id", "is_whole"))


def history(*, batch_id: int, ordinal: int) -> list[Link]:
    """Every link of one pack's custody, the first one first; one question."""
    with connection.cursor() as cursor:
        cursor.execute(
            _HISTORY.format(lines=chunk_lines()),
            pack_arguments(batch_id=batch_id, ordinal=ordinal),
        )
        rows = cursor.fetchall()
    return [link_of(row[1:]) for row in with_pack(rows, ordinal, place=0)]


def said_by_sql() -> str:
    """SQL for the id of the statement that said a link of event `e`."""
    return statement_sql("e.ref")


def link_of(values: Sequence[Any]) -> Link:
    """The link that a row's `LINK_COLUMNS` say; what follows them is not read."""
    accepted_ms, event_time_ms, is_inferred, is_corrected, *texts = values[:_LINK_SIZE]
    rule, by, site, source, target, status, to, ref, shipment = texts
    return Link(
        ref=reference_text(ref),
        rule=rule,
        by=by,
        site=site,
        source_holder=source,
        target_holder=target,
        target_status=status,
        accepted_ms=accepted_ms,
        event_time_ms=event_time_ms,
        is_inferred=bool(is_inferred),
        is_corrected=bool(is_corrected),
        counterparty=to,
        shipment_ref=reference_text(shipment),
    )

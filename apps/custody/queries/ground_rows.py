"""The one question for all that an event's judgement reads, and its answer's rows.

Every row says in its first column what it is; the others are numbers, texts and sets
as that kind of row needs them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from pyroaring import BitMap

from apps.core.custody import (
    Batch,
    Container,
    HoldKey,
    Licence,
    OpenRecall,
    Party,
    Place,
    Shipment,
)
from apps.core.custody.carry import ancestors
from apps.core.errors import LedgerConflict
from apps.custody.formats import to_set, whole
from apps.custody.references import reference_of

if TYPE_CHECKING:
    from apps.custody.queries.ground import Ground

Row = tuple[Any, ...]

# kind, three numbers, six texts, two sets.
ROWS: Final = """
WITH RECURSIVE
loose(batch_id, ordinal) AS MATERIALIZED ({loose}),
start(epc) AS (SELECT epc FROM custody_container WHERE epc {boxes}),
{tree},
b AS MATERIALIZED (
  SELECT id, tag, size, lot, expiry_date, product_id FROM catalog_batch
  WHERE id {batches})
SELECT 'batch', b.id, b.size, CAST(NULL AS bigint), b.lot,
  {expiry}, p.gtin, t.gln, CAST(NULL AS text), CAST(NULL AS text),
  b.tag, {no_set}
FROM b JOIN catalog_product p ON p.id = b.product_id
  JOIN partners_tradingpartner t ON t.id = p.brand_owner_id
UNION ALL SELECT 'holding', h.id, h.batch_id, h.count, h.holder, h.site, h.status,
  NULL, NULL, NULL, h.units, NULL
FROM custody_holding h WHERE h.batch_id {batches} AND h.holder {holders}
UNION ALL SELECT 'scope', s.batch_id, CASE WHEN s.is_whole THEN 1 ELSE 0 END, NULL,
  s.recall_id, NULL, NULL, NULL, NULL, NULL, s.units, NULL
FROM custody_recallscope s WHERE s.batch_id {batches}
UNION ALL SELECT 'hold', o.batch_id, NULL, NULL, o.owner, o.reason,
  NULL, NULL, NULL, NULL, o.units, NULL
FROM custody_batchhold o WHERE o.batch_id {batches}
UNION ALL SELECT 'box', c.id, NULL, NULL, c.epc, c.holder, c.site, c.status, o.epc,
  NULL, NULL, NULL
FROM tree t JOIN custody_container c ON c.id = t.id
  LEFT JOIN custody_container o ON o.id = c.parent_id
UNION ALL SELECT 'inside', l.batch_id, NULL, NULL, c.epc,
  NULL, NULL, NULL, NULL, NULL, l.units, NULL
FROM tree t JOIN custody_container c ON c.id = t.id
  JOIN custody_containerline l ON l.container_id = t.id
{leanings}
UNION ALL SELECT 'licence', n.from_ms, n.to_ms,
  CASE WHEN n.is_suspended THEN 1 ELSE 0 END, t.gln, n.role,
  CAST(n.gs1_prefixes AS text), CAST(n.scope AS text), NULL, NULL, NULL, NULL
FROM partners_tradingpartner t JOIN partners_licence n ON n.partner_id = t.id
WHERE t.gln {glns} AND n.is_current
UNION ALL SELECT 'site', NULL, NULL, NULL, t.gln, s.gln,
  NULL, NULL, NULL, NULL, NULL, NULL
FROM partners_tradingpartner t JOIN partners_site s ON s.partner_id = t.id
WHERE t.gln {glns}
"""
# Only for lines that lean on something earlier: what a question names is opened, used
# or not.
LEANINGS: Final = """
UNION ALL SELECT 'despatch', s.event_id, NULL, NULL, {despatch}, s.sender, s.sender_site,
  s.addressee, s.addressee_site, s.purpose, NULL, NULL
FROM custody_shipment s JOIN custody_event e ON e.id = s.event_id
WHERE s.event_id {despatches}
UNION ALL SELECT 'sent', l.id, l.batch_id, NULL, {despatch},
  NULL, NULL, NULL, NULL, NULL, l.sent, l.open_units
FROM custody_shipmentline l JOIN custody_event e ON e.id = l.shipment_id
WHERE l.shipment_id {despatches}
UNION ALL SELECT 'recall', NULL, NULL, NULL, r.recall_id, r.opened_by, r.return_to,
  NULL, NULL, NULL, NULL, NULL
FROM custody_recallrule r WHERE r.recall_id {parents}
"""


def add_rows(ground: Ground, rows: list[Row]) -> None:
    """Take the rows into the ground: what others stand on first."""
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        by_kind.setdefault(row[0], []).append(row)
    for kind, add in _ADDS.items():
        for row in by_kind.get(kind, ()):
            add(ground, row)
    boxes = ground.loaded.state.containers
    for box in boxes.values():  # whole trees, so what says where is among them
        box.place = ancestors(ground.loaded.state, box)[-1].place


def moved_meanwhile() -> LedgerConflict:
    """What was looked up is not what was locked: read anew, it may well hold."""
    return LedgerConflict("containers_moved", wanted="the event read anew")


def parties_of(glns: Iterable[str], rows: Iterable[Row]) -> dict[str, Party]:
    """Partners with their current licences and sites; an unknown one has neither."""
    licences: dict[str, list[Licence]] = {gln: [] for gln in glns}
    sites: dict[str, set[str]] = {gln: set() for gln in licences}
    for row in rows:
        if row[0] == "licence":
            licences[row[4]].append(_licence(row))
        elif row[0] == "site":
            sites[row[4]].add(row[5])
    return {
        gln: Party(gln=gln, licences=tuple(own), sites=frozenset(sites[gln]))
        for gln, own in licences.items()
    }


def _licence(row: Row) -> Licence:
    _, from_ms, to_ms, is_suspended, _, role, prefixes, scope = row[:8]
    return Licence(
        role=role,
        gs1_prefixes=tuple(json.loads(prefixes)),
        scope=tuple(json.loads(scope)),
        from_ms=from_ms,
        to_ms=to_ms,
        is_suspended=bool(is_suspended),
    )


def _batch(ground: Ground, row: Row) -> None:
    _, key, size, _, lot, expiry, gtin, owner, _, _, tag, _ = row
    loaded, name = ground.loaded, bytes(tag).hex()
    loaded.batch_ids[name] = key
    loaded.tags[key] = name
    loaded.state.batches[name] = Batch(
        name, gtin, lot, date.fromisoformat(expiry), owner, size, {}, BitMap()
    )


def _holding(ground: Ground, row: Row) -> None:
    _, key, batch_id, count, *place = row[:7]
    where = Place(*place)
    ground.holdings[batch_id, where] = key
    if count:
        _batch_of(ground, batch_id).holdings[where] = to_set(row[10])


def _scope(ground: Ground, row: Row) -> None:
    _, batch_id, is_whole, _, recall_id = row[:5]
    batch = _batch_of(ground, batch_id)
    units = whole(batch.size) if is_whole else to_set(row[10])
    batch.recalled |= units
    recall = ground.loaded.state.recalls.get(recall_id)
    if recall is not None:
        recall.units[batch.tag] = units


def _hold(ground: Ground, row: Row) -> None:
    if units := to_set(row[10]):
        _batch_of(ground, row[1]).held[HoldKey(row[4], row[5])] = units


def _box(ground: Ground, row: Row) -> None:
    epc, holder, site, status, parent = row[4:9]
    ground.boxes[epc] = row[1]
    place = Place(holder, site, status)
    ground.loaded.state.containers[epc] = Container(epc, place, parent)


def _inside(ground: Ground, row: Row) -> None:
    tag = _tag(ground, row[1])
    ground.loaded.state.containers[row[4]].units[tag] = to_set(row[10])


def _despatch(ground: Ground, row: Row) -> None:
    digits, sender, sender_site, addressee, addressee_site, purpose = row[4:10]
    ref = reference_of(digits)
    ground.despatches[ref] = row[1]
    source = Place(sender, sender_site, "in_transit")
    ground.loaded.state.shipments[ref] = Shipment(
        ref, source, addressee, addressee_site, purpose, {}, {}
    )


def _sent(ground: Ground, row: Row) -> None:
    tag, ref = _tag(ground, row[2]), reference_of(row[4])
    ground.despatch_lines[ref, tag] = row[1]
    shipment = ground.loaded.state.shipments[ref]
    shipment.sent[tag], shipment.open[tag] = to_set(row[10]), to_set(row[11])


def _recall(ground: Ground, row: Row) -> None:
    ref, opened_by, return_to = row[4:7]
    ground.loaded.state.recalls[ref] = OpenRecall(ref, opened_by, return_to, {})


def _tag(ground: Ground, batch_id: int) -> str:
    """Of a batch that was locked: a container may have got units of another since."""
    if batch_id not in ground.loaded.tags:
        raise moved_meanwhile()
    return ground.loaded.tags[batch_id]


def _batch_of(ground: Ground, batch_id: int) -> Batch[BitMap]:
    return ground.loaded.state.batches[ground.loaded.tags[batch_id]]


# In the order in which one kind stands on another.
_ADDS: Final[Mapping[str, Callable[[Ground, Row], None]]] = {
    "batch": _batch,
    "recall": _recall,
    "holding": _holding,
    "scope": _scope,
    "hold": _hold,
    "box": _box,
    "inside": _inside,
    "despatch": _despatch,
    "sent": _sent,
}

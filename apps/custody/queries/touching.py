"""Which rows some events touch: one question for all that they name.

Nothing is locked here. What the answer names is locked next (`ground`), in the one
order, and then read again: this says where to look, not what is there.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import groupby
from typing import Any, Final

from django.db import connection
from pyroaring import BitMap

from apps.core.custody.said import Pack, Said
from apps.core.epcis import PackEpc
from apps.custody.queries.archived import find_archived
from apps.custody.queries.names import Names
from apps.custody.queries.trees import tree_sql
from apps.custody.references import among_refs, hex_sql, reference_of, references
from apps.edge.lists import among, array, numbers, texts

_WANTED: Final = {
    "postgresql": "SELECT * FROM unnest(%(gtins)s::text[], %(serials)s::text[],"
    " %(epcs)s::text[])",
    "sqlite": "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
    " json_extract(value, '$[2]') FROM json_each(%(packs)s)",
}
# Packs of cold lots, which stand in blocks and not in the registry.
_COLD: Final = {
    "postgresql": "SELECT * FROM unnest(%(cold_gtins)s::text[], %(cold_serials)s::text[],"
    " %(cold_batches)s::bigint[], %(cold_ordinals)s::int[])",
    "sqlite": "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
    " json_extract(value, '$[2]'), json_extract(value, '$[3]') FROM json_each(%(cold)s)",
}
_FOUND: Final = """
WITH RECURSIVE
wanted(gtin, serial, epc) AS MATERIALIZED ({wanted}),
pack AS MATERIALIZED (
  SELECT w.gtin, w.serial, s.batch_id, s.ordinal FROM wanted w
  JOIN catalog_product p ON p.gtin = w.gtin
  JOIN custody_serialnumber s ON s.product_id = p.id AND s.serial = w.serial
  {cold}),
loose AS (SELECT batch_id, ordinal FROM pack),
start(epc) AS (
  SELECT epc FROM custody_container WHERE epc {boxes}
  UNION SELECT w.epc FROM wanted w WHERE NOT EXISTS (
    SELECT 1 FROM pack p WHERE p.gtin = w.gtin AND p.serial = w.serial)),
{tree},
inside(batch_id) AS MATERIALIZED (
  SELECT batch_id FROM loose
  UNION SELECT l.batch_id FROM custody_containerline l
    JOIN tree t ON t.id = l.container_id){earlier}
SELECT 'pack', batch_id, ordinal, gtin, serial FROM pack
UNION ALL SELECT 'box', id, 0, NULL, NULL FROM tree
UNION ALL SELECT 'batch', batch_id, 0, NULL, NULL FROM inside
{despatches}
{moments}
"""
# Asked only where a line leans on something, or sends recalled goods back.
_EARLIER: Final = """,
earlier AS MATERIALIZED (
  SELECT ref, accepted_ms, shipment_ref FROM custody_event WHERE ref {parents}),
despatch(id, sender) AS MATERIALIZED (
  SELECT s.event_id, s.sender FROM custody_shipment s
    JOIN custody_event e ON e.id = s.event_id WHERE e.ref {parents}
  UNION SELECT s.event_id, s.sender FROM custody_shipment s
    JOIN custody_event e ON e.id = s.event_id
    JOIN earlier x ON x.shipment_ref = e.ref
  UNION SELECT s.event_id, s.sender FROM custody_shipment s
    WHERE s.sender {sellers} AND s.addressee {buyers} AND EXISTS (
      SELECT 1 FROM custody_shipmentline l WHERE l.shipment_id = s.event_id
      AND (l.batch_id {lots} OR l.batch_id IN (SELECT batch_id FROM inside))))
"""
_DESPATCHES: Final = """
UNION ALL SELECT 'batch', l.batch_id, 0, NULL, NULL FROM custody_shipmentline l
  JOIN despatch d ON d.id = l.shipment_id
UNION ALL SELECT 'despatch', id, 0, sender, NULL FROM despatch
"""
_MOMENTS: Final = """
SELECT 'event', accepted_ms, 0, {event}, NULL FROM custody_event WHERE ref {events}
UNION ALL SELECT 'statement', accepted_ms, 0, id, NULL FROM ledger_statement
  WHERE id {refs}
"""


@dataclass(slots=True)
class Found:
    """The rows behind the names that some events use.

    Args:
        names: that were looked up.
        positions: batch row and ordinal of every known pack.
        box_ids: containers named, those around packs named, and whole trees of both.
        batch_ids: of all these units, and of the despatches.
        despatch_ids: named, or by which a holder had recalled goods.
        senders: of the despatches.
        accepted: when earlier events and statements were accepted, by reference.
    """

    names: Names = field(default_factory=Names)
    positions: dict[Pack, tuple[int, int]] = field(default_factory=dict)
    box_ids: set[int] = field(default_factory=set)
    batch_ids: set[int] = field(default_factory=set)
    despatch_ids: set[int] = field(default_factory=set)
    senders: set[str] = field(default_factory=set)
    accepted: dict[str, int] = field(default_factory=dict)

    def loose_of(self, said: Said) -> dict[int, BitMap]:
        """Packs that the event names one by one: ordinals by batch row."""
        loose: dict[int, BitMap] = {}
        for pack in said.packs:
            if pack in self.positions:
                batch_id, ordinal = self.positions[pack]
                loose.setdefault(batch_id, BitMap()).add(ordinal)
        return loose

    def cases_of(self, said: Said) -> list[str]:
        """Trade items named that are no packs, so cases if anything."""
        return [said.epc_of(pack) for pack in said.packs if pack not in self.positions]

    def boxes_of(self, said: Said) -> tuple[str, ...]:
        """Containers that the event names, in its order; the parent apart."""
        return (*said.sscc, *self.cases_of(said))


def find_touched(names: Names, *, by: str, refs: Collection[str]) -> Found:
    """Look up every name.

    Args:
        by: who speaks.
        refs: earlier events and statements whose moment is asked for.
    """
    arguments = _arguments(names, by, refs)
    leans = bool(names.parents or names.sellers)
    asks = partial(_question, connection.vendor, leans=leans, dates=bool(refs))
    found = _ask(asks(is_cold=False), arguments)
    # What no row has may be of a cold lot, or a case: only then is more asked.
    if cold := _find_cold(sorted(names.packs - found.positions.keys())):
        found = _ask(asks(is_cold=True), {**arguments, **_cold(cold)})
    found.names = names
    found.batch_ids |= names.batch_ids
    return found


@cache
def _question(vendor: str, *, is_cold: bool, leans: bool, dates: bool) -> str:
    """Only what these names need: what a question names is opened, found or not."""
    return _FOUND.format(
        wanted=_WANTED[vendor],
        cold=f"UNION ALL {_COLD[vendor]}" if is_cold else "",
        tree=tree_sql(vendor),
        boxes=among("boxes"),
        earlier=_EARLIER.format(
            parents=among_refs("parents"),
            sellers=among("sellers"),
            buyers=among("buyers"),
            lots=among("lots", "bigint"),
        )
        if leans
        else "",
        despatches=_DESPATCHES if leans else "",
        moments=f"UNION ALL {_moments(vendor)}" if dates else "",
    )


@cache
def _moments(vendor: str) -> str:
    return _MOMENTS.format(
        event=hex_sql("ref"), events=among_refs("events"), refs=among("refs")
    )


def find_moments(refs: Iterable[str]) -> dict[str, int]:
    """When earlier events and statements were accepted; unknown ones are absent."""
    listed = set(refs)
    if not listed:
        return {}
    return _ask(_moments(connection.vendor), _asked_for(listed)).accepted


def _asked_for(refs: Iterable[str]) -> dict[str, Any]:
    listed = sorted(set(refs))
    return {"refs": texts(listed), "events": references(listed)}


def _ask(sql: str, arguments: dict[str, Any]) -> Found:
    found = Found()
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        for kind, number, ordinal, text, serial in cursor.fetchall():
            _note(found, kind, number, ordinal, text, serial)
    return found


def _note(
    found: Found, kind: str, number: int, ordinal: int, text: str, serial: str
) -> None:
    match kind:
        case "pack":
            found.positions[(text, serial)] = (number, ordinal)
        case "box":
            found.box_ids.add(number)
        case "batch":
            found.batch_ids.add(number)
        case "despatch":
            found.despatch_ids.add(number)
            found.senders.add(text)
        case "event":
            found.accepted[reference_of(text)] = number
        case _:
            # The one event of a statement bears its name: the event's row is first.
            found.accepted.setdefault(text, number)


def _arguments(names: Names, by: str, refs: Iterable[str]) -> dict[str, Any]:
    packs = [(*pack, PackEpc(*pack).uri) for pack in sorted(names.packs)]
    given: dict[str, Any] = {
        "boxes": texts(sorted(names.boxes)),
        "parents": references(sorted(names.parents)),
        "sellers": texts(sorted(names.sellers)),
        "buyers": texts([by] if names.sellers else []),
        "lots": numbers(sorted(names.batch_ids)),
        **_asked_for(refs),
    }
    if connection.vendor == "postgresql":
        given |= {
            name: array(pack[place] for pack in packs)
            for place, name in enumerate(("gtins", "serials", "epcs"))
        }
    else:
        given["packs"] = json.dumps(packs)
    return given


def _find_cold(packs: Sequence[Pack]) -> dict[Pack, tuple[int, int]]:
    found: dict[Pack, tuple[int, int]] = {}
    for gtin, group in groupby(packs, key=lambda pack: pack[0]):
        serials = [serial for _, serial in group]
        for serial, position in find_archived(gtin=gtin, serials=serials).items():
            found[gtin, serial] = position
    return found


def _cold(positions: dict[Pack, tuple[int, int]]) -> dict[str, Any]:
    rows = [(*pack, *position) for pack, position in positions.items()]
    if connection.vendor == "sqlite":
        return {"cold": json.dumps(rows)}
    names = ("cold_gtins", "cold_serials", "cold_batches", "cold_ordinals")
    return {name: array(row[place] for row in rows) for place, name in enumerate(names)}

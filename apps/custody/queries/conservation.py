"""No pack is lost and none is in two places: holdings against what was commissioned.

Per batch three things hold, whatever happened to it:

    1. the sets of its holdings are disjoint, and each counts what it holds;
    2. together they are the ordinals that were commissioned, no more and no fewer;
    3. the moves of its events, taken one after the other, lead to those same sets.

The law is not asked (`fsck` does that): this is cheap enough for every night.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.core.errors import TraceError
from apps.custody.formats import to_set, whole
from apps.edge.reading import Row, fetch_rows, iter_rows

# A place is one text, `holder site status`: half the values to read and to compare.
_HOLDINGS: Final = (
    "SELECT holder || ' ' || site || ' ' || status, count, units FROM custody_holding"
    " WHERE batch_id = %s ORDER BY id"
)
_MOVES: Final = (
    "SELECT source_holder || ' ' || source_site || ' ' || source_status,"
    " target_holder || ' ' || target_site || ' ' || target_status, units"
    " FROM custody_eventline WHERE batch_id = %s ORDER BY id"
)
_NOWHERE: Final = "  "
_Places = dict[str, BitMap]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at of one batch, and what is wrong with it, in words."""

    batch_id: int
    holdings: int
    moves: int
    faults: tuple[str, ...]


def check_batch(*, batch_id: int, size: int) -> Checked:
    """Whether a batch of `size` units is conserved; what cannot be read is a fault."""
    rows = fetch_rows(_HOLDINGS, [batch_id])
    try:
        held = {place: to_set(units) for place, _, units in rows}
        faults = [*_disjoint(held, size), *_counted(held, rows)]
        moves, replayed = replay_moves(batch_id=batch_id)
        faults += _same(held, replayed)
    except TraceError as error:
        return Checked(batch_id, len(rows), 0, (error.sentence(),))
    return Checked(batch_id, len(rows), moves, tuple(faults))


def iter_checked(*, after: int = 0) -> Iterator[Checked]:
    """Every batch whose row comes behind `after`, ascending by row."""
    for pk, size in list(catalog.iter_sizes(after=after)):
        yield check_batch(batch_id=pk, size=size)


def replay_moves(*, batch_id: int) -> tuple[int, _Places]:
    """How many moves a batch had, and where they led: units by place, emptied left out.

    Raises:
        IntegrityBreach: `set_unreadable`.
    """
    places: _Places = {}
    count = 0
    for source, target, stored in iter_rows(_MOVES, [batch_id]):
        count += 1
        units = to_set(stored)
        # In place: sets of a large lot are not copied for every pack that moves.
        if source in places and source != _NOWHERE:
            places[source] -= units
        if target in places:
            places[target] |= units
        else:
            places[target] = units
    return count, {place: units for place, units in places.items() if units}


def _disjoint(held: _Places, size: int) -> Iterator[str]:
    together = BitMap.union(*held.values()) if held else BitMap()
    total = sum(map(len, held.values()))
    if total != len(together):
        yield f"{total - len(together)} units are in two places"
    commissioned = whole(size)
    if missing := len(commissioned - together):
        yield f"{missing} of {size} units are nowhere"
    if more := len(together - commissioned):
        yield f"{more} units were never commissioned"


def _counted(held: _Places, rows: list[Row]) -> Iterator[str]:
    for (place, count, _), units in zip(rows, held.values(), strict=True):
        if count != len(units):
            yield f"{_words(place)} counts {count}, holds {len(units)}"


def _same(held: _Places, replayed: _Places) -> Iterator[str]:
    if {place: units for place, units in held.items() if units} == replayed:
        return
    for place in sorted(held.keys() | replayed.keys()):
        found, wanted = held.get(place, BitMap()), replayed.get(place, BitMap())
        if found != wanted:
            yield f"{_words(place)} holds {len(found)}, its moves leave {len(wanted)}"


def _words(place: str) -> str:
    holder, site, status = place.split(" ", 2)
    return f"{status} at {holder}, site {site}"

"""Packing a whole lot as one file of events: facts read at once, the law asked of each.

`draft_events` reads whatever its wishes name. Here every box is new and every pack loose,
so the state that the law reads of one event is the box, what goes into it, and where its
packs are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pyroaring import BitMap

from apps.core.custody import Container as Boxed
from apps.core.custody import CustodyEvent, Place, State, fold, judge
from apps.core.custody.said import said_of
from apps.core.custody.state import ACTIVE
from apps.core.epcis import EpcisEvent, PackEpc, build, event_json, parse_epc
from apps.core.epcis.parts import Occasion, Units
from apps.custody.formats import CHUNK, read_vector, to_set
from apps.custody.models import Container, ForwardChunk, Holding
from apps.custody.queries.load import Loaded, load_batches, regulators_of
from apps.custody.queries.resolve import Named, build_event
from apps.custody.queries.sums import Line
from apps.partners import queries as partners

_AT_ONCE: Final = 500
_OPENED_AT_ONCE: Final = 5_000  # numbers of one commissioning event


@dataclass(frozen=True, slots=True)
class Filled:
    """One box and what goes directly into it."""

    epc: str
    packs: Mapping[int, BitMap]  # ordinals by batch row
    serials: Sequence[str]
    boxes: Sequence[str]
    event_time_ms: int


@dataclass(slots=True)
class Ground:
    """What is known of the packs' batches, for one holder at one site."""

    by: str
    site: str
    gtin: str
    loaded: Loaded = field(default_factory=Loaded)
    boxed: dict[int, BitMap] = field(default_factory=dict)  # units in a container
    here: dict[int, BitMap] = field(default_factory=dict)  # active, of that holder

    def learn(self, batch_ids: Collection[int]) -> None:
        """Read what is not known yet of these batches."""
        new = set(batch_ids) - self.here.keys()
        if not new:
            return
        load_batches(self.loaded, new)
        for batch_id in new:
            self.here[batch_id] = self._read_here(batch_id)
            self.boxed[batch_id] = _read_boxed(batch_id)

    def lot_of(self, batch_id: int) -> str:
        """The lot of a batch row."""
        return self.loaded.state.batches[self.loaded.tags[batch_id]].lot

    def _read_here(self, batch_id: int) -> BitMap:
        place = Place(self.by, self.site, ACTIVE)
        row = Holding.objects.filter(
            batch_id=batch_id, holder=place.holder, site=place.site, status=ACTIVE
        ).first()
        units = to_set(row.units) if row else BitMap()
        if units:
            batch = self.loaded.state.batches[self.loaded.tags[batch_id]]
            batch.holdings[place] = units
        return units


def _read_boxed(batch_id: int) -> BitMap:
    """Units of the batch that are in any container."""
    found = BitMap()
    rows = ForwardChunk.objects.filter(batch_id=batch_id).order_by("chunk_no")
    for number, stored in rows.values_list("chunk_no", "containers").iterator():
        if any(bytes(stored)):
            start = number * CHUNK
            vector = read_vector(stored)
            found |= BitMap(start + at for at, box in enumerate(vector) if box)
    return found


def find_opened(epcs: Iterable[str]) -> set[str]:
    """Those of `epcs` that are containers already."""
    listed = list(epcs)
    found: set[str] = set()
    for start in range(0, len(listed), _AT_ONCE):
        part = listed[start : start + _AT_ONCE]
        rows = Container.objects.filter(epc__in=part)
        found.update(rows.values_list("epc", flat=True))
    return found


def packing_lines(
    *, ground: Ground, opened: Sequence[str], boxes: Iterable[Filled], at_ms: int
) -> Iterator[Line]:
    """The events that open all numbers and fill the boxes, each judged by the law.

    Args:
        boxes: each after all that go into it.

    Raises:
        ForbiddenTransfer: the law refuses one of them.
    """
    state: State[BitMap] = State(
        parties=partners.law_parties({ground.by}),
        regulators=regulators_of(partners.get_genesis()),
        batches=ground.loaded.state.batches,
    )
    occasion = Occasion(event_time_ms=at_ms, site=ground.site)
    inside: dict[str, Boxed[BitMap]] = {}
    for start in range(0, len(opened), _OPENED_AT_ONCE):
        part = opened[start : start + _OPENED_AT_ONCE]
        event = build.commission_container(occasion, container=parse_epc(part[0]))
        event = _with_all(event, part)
        state.containers = {}
        yield _judged(state, ground, event, Named({}, tuple(part)), at_ms)
        inside |= state.containers
    for box in boxes:
        state.containers = {epc: inside[epc] for epc in (box.epc, *box.boxes)}
        children = [PackEpc(ground.gtin, serial) for serial in box.serials]
        event = build.pack(
            Occasion(event_time_ms=box.event_time_ms, site=ground.site),
            container=parse_epc(box.epc),
            children=Units([*children, *map(parse_epc, box.boxes)]),
        )
        named = Named(box.packs, tuple(box.boxes))
        yield _judged(state, ground, event, named, at_ms)


def _with_all(event: EpcisEvent, epcs: Sequence[str]) -> EpcisEvent:
    return replace(event, epcs=tuple(map(parse_epc, epcs)))


def _judged(
    state: State[BitMap],
    ground: Ground,
    event: EpcisEvent,
    named: Named,
    at_ms: int,
) -> Line:
    ground.loaded.state.containers = state.containers
    built: CustodyEvent[BitMap] = build_event(
        said_of(event), named, ground.loaded, ref="0" * 64, by=ground.by, parents=()
    )
    judgement = judge(state, built, at_ms)
    fold(state, built, judgement, at_ms)
    state.events.clear()
    state.later.clear()
    return Line(event_json(event), (), built.units, ground.by)

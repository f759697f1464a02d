"""What judged events change, gathered and then written at once.

The law's effects are folded into the state that they were judged on; here is noted
which of its parts they touched. What is written is what those parts say in the end,
one row each, however many events touched them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from pyroaring import BitMap

from apps.core.custody import HoldKey, Judgement, Move, NewUnits, Place, State
from apps.core.custody import effects as fx
from apps.custody.formats import chunk_ends, to_bytes
from apps.custody.operations.heard import Row
from apps.custody.queries.ground import Ground
from apps.custody.references import reference_bytes

_NOWHERE: Final = Place("", "", "")
_NOTHING: Final = BitMap()
Values = tuple[Any, ...]


class Shortage(NamedTuple):
    """What a receipt found not to have come, of one despatch."""

    ref: str
    receipt_ref: str
    counts: Mapping[str, int]  # by batch tag


@dataclass(slots=True)
class Changes:
    """The parts of a ground that judged events touched, in their order.

    Args:
        moves: with the event each belongs to; new units come from nowhere.
        new_units: of which there are no vectors yet, and where they are.
        boxed: what went into containers and came out, in that order.
        documents: of the despatches among these events, by reference.
    """

    ground: Ground
    events: list[tuple[Row, Judgement[BitMap]]] = field(default_factory=list)
    moves: list[tuple[str, Move[BitMap]]] = field(default_factory=list)
    new_units: list[tuple[NewUnits[BitMap], Place]] = field(default_factory=list)
    places: dict[tuple[str, Place], None] = field(default_factory=dict)
    boxes: dict[str, None] = field(default_factory=dict)
    new_boxes: dict[str, Place] = field(default_factory=dict)
    inside: dict[tuple[str, str], None] = field(default_factory=dict)
    boxed: list[fx.PutIn[BitMap] | fx.TakeOut[BitMap]] = field(default_factory=list)
    documents: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    settled: dict[tuple[str, str], None] = field(default_factory=dict)
    holds: dict[tuple[str, HoldKey], None] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    shortages: list[Shortage] = field(default_factory=list)

    @property
    def state(self) -> State[BitMap]:
        """Where everything is now, the events so far folded in."""
        return self.ground.loaded.state

    def note(self, row: Row, judgement: Judgement[BitMap]) -> None:
        """One more event, whose effects the state has taken."""
        self.events.append((row, judgement))
        for effect in judgement.effects:
            self._note_effect(row, effect)
        if judgement.rule.startswith("receiving"):
            shipment = self.state.shipments[judgement.shipment]
            counts = {tag: len(still) for tag, still in shipment.open.items() if still}
            self.shortages.append(Shortage(shipment.ref, row.ref, counts))

    def _note_effect(self, row: Row, effect: fx.Effect[BitMap]) -> None:
        match effect:
            case Move():
                self._note_move(row, effect)
            case fx.Commission():
                new = effect.new
                self.new_units.append((new, effect.place))
                self._note_move(row, Move(new.tag, new.units, None, effect.place))
            case fx.Despatch():
                self.documents[effect.shipment.ref] = [dict(d) for d in row.documents]
            case fx.Settle() | fx.Reopen():
                self.settled[effect.shipment, effect.tag] = None
            case fx.Hold() | fx.Lift():
                self.holds[effect.tag, effect.key] = None
            case fx.MarkCorrected():
                self.corrected.add(effect.ref)
            case _:
                self._note_box(effect)

    def _note_move(self, row: Row, move: Move[BitMap]) -> None:
        self.moves.append((row.ref, move))
        self.places[move.tag, move.target] = None
        if move.source is not None:
            self.places[move.tag, move.source] = None

    def _note_box(self, effect: Any) -> None:
        match effect:
            case fx.NewContainer():
                self.new_boxes[effect.epc] = effect.place
            case fx.PutIn() | fx.TakeOut():
                self.inside[effect.epc, effect.tag] = None
                self.boxed.append(effect)
            case fx.Nest():
                self.boxes[effect.epc] = None
            case fx.Carry() if self.state.containers[effect.epc].parent is None:
                self.boxes[effect.epc] = None  # what is inside is carried with it

    # Rows, as they are written: see `changes_sql`.

    def event_rows(self) -> Iterator[Values]:
        """The events themselves."""
        for row, judgement in self.events:
            yield (
                *(row.accepted_ms, row.event_time_ms, row.is_inferred),
                *(row.ref in self.corrected, reference_bytes(row.ref)),
                *(reference_bytes(row.parent_ref), reference_bytes(judgement.shipment)),
                *(judgement.rule, row.biz_step, row.disposition, row.action, row.by),
                *(row.site, row.counterparty, list(row.containers)),
            )

    def line_rows(self) -> Iterator[Values]:
        """What each moved; in which chunks, and its ends in each of them."""
        for ref, move in self.moves:
            source = move.source or _NOWHERE
            yield (
                *(reference_bytes(ref), self._batch(move.tag)),
                *(*source, *move.target),
                *(len(move.units), to_bytes(move.units)),
                list(chunk_ends(move.units)),
            )

    def held_rows(self) -> Iterator[Values]:
        """Holdings whose row is there."""
        for tag, place in self.places:
            row = self.ground.holdings.get((self._batch(tag), place))
            if row is not None:
                # An emptied row stays: its number may stand in vectors of a running read.
                yield (row, *_sized(self._held(tag, place)))

    def new_held_rows(self) -> Iterator[Values]:
        """Holdings where there was none."""
        for tag, place in self.places:
            if (self._batch(tag), place) not in self.ground.holdings:
                yield (self._batch(tag), *place, *_sized(self._held(tag, place)))

    def _held(self, tag: str, place: Place) -> BitMap:
        return self.state.batches[tag].holdings.get(place, _NOTHING)

    def despatch_rows(self) -> Iterator[Values]:
        """Despatches that these events are."""
        for ref, documents in self.documents.items():
            shipment = self.state.shipments[ref]
            yield (
                *(reference_bytes(ref), shipment.source.holder, shipment.source.site),
                *(shipment.addressee, shipment.addressee_site, shipment.purpose),
                *(documents, any(map(len, shipment.open.values()))),
            )

    def despatched_rows(self) -> Iterator[Values]:
        """And their lines."""
        for ref in self.documents:
            shipment = self.state.shipments[ref]
            for tag, sent in shipment.sent.items():
                still = shipment.open[tag]
                yield (
                    *(reference_bytes(ref), self._batch(tag)),
                    *(to_bytes(sent), to_bytes(still), len(sent), len(still)),
                )

    def settled_rows(self) -> Iterator[Values]:
        """Lines of earlier despatches, and what of them is still under way."""
        for ref, tag in self.settled:
            row = self.ground.despatch_lines.get((ref, tag))
            if row is not None:
                yield (row, *_sized(self.state.shipments[ref].open[tag]))

    def closed_rows(self) -> Iterator[Values]:
        """Earlier despatches, and whether anything of them is."""
        for ref in dict.fromkeys(ref for ref, _ in self.settled):
            row = self.ground.despatches.get(ref)
            if row is not None:
                still = self.state.shipments[ref].open.values()
                yield (row, any(map(len, still)))

    def received_rows(self) -> list[int]:
        """Despatches of which something came: what was missing before is settled."""
        refs = dict.fromkeys(each.ref for each in self.shortages)
        return [self.ground.despatches[ref] for ref in refs]

    def shortage_rows(self) -> Iterator[Values]:
        """What did not come; of several receipts the last one's is open."""
        last = {each.ref: each.receipt_ref for each in self.shortages}
        for each in self.shortages:
            for tag, count in sorted(each.counts.items(), key=self._by_batch):
                yield (
                    *(self.ground.despatches[each.ref], self._batch(tag), count),
                    *(each.receipt_ref, each.receipt_ref != last[each.ref]),
                )

    def _by_batch(self, item: tuple[str, int]) -> int:
        return self._batch(item[0])

    def hold_rows(self) -> Iterator[Values]:
        """Holds, as they are now."""
        for tag, key in self.holds:
            held = self.state.batches[tag].held[key]
            yield (self._batch(tag), key.owner, key.reason, to_bytes(held))

    def corrected_rows(self) -> list[str]:
        """Earlier events that were taken back."""
        return sorted(self.corrected - {row.ref for row, _ in self.events})

    def box_rows(self) -> Iterator[Values]:
        """Containers: where they stand free, or in which other one."""
        for epc in self.boxes:
            box = self.state.containers[epc]
            if box.parent is None:
                yield (self.ground.boxes[epc], *box.place, None)
            else:
                parent = self.ground.boxes[box.parent]
                yield (self.ground.boxes[epc], *_NOWHERE, parent)

    def inside_rows(self) -> Iterator[Values]:
        """Units of a batch in a container."""
        for epc, tag in self.inside:
            if units := self.state.containers[epc].units.get(tag):
                yield (self.ground.boxes[epc], self._batch(tag), *_sized(units))

    def emptied_rows(self) -> Iterator[Values]:
        """Batches of which a container has none any more."""
        for epc, tag in self.inside:
            if not self.state.containers[epc].units.get(tag):
                yield (self.ground.boxes[epc], self._batch(tag))

    def _batch(self, tag: str) -> int:
        return self.ground.loaded.batch_ids[tag]


def _sized(units: BitMap) -> tuple[int, bytes]:
    return len(units), to_bytes(units)

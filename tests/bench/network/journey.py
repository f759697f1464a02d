"""One lot on its way: packed, handed on by pallet, split, dispensed, taken back.

maker → hub → wholesaler → depot by pallet; pallets unpacked; to pharmacies whole cases
(80 %) and cases split in groups of 8 (20 %). Half of the packs are dispensed, 2 % come
back to the depot, 1 % were packed into another case than their neighbours.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from apps.core.epcis import EpcisEvent, PackEpc, SsccEpc, build
from apps.core.epcis.epc import Location
from apps.core.epcis.event import BizTransaction
from apps.core.epcis.parts import Handover, Occasion, Units, object_event
from apps.ledger.formats import as_ms
from tests.bench.holders import Holder
from tests.bench.network.actors import Actors
from tests.bench.network.files import Desk, File
from tests.bench.network.shape import CASE, GROUP, PALLET, cut, swapped
from tests.custody.goods import sscc

_WHOLE = 0.8  # of cases
_SELLING = 0.65  # of deliveries from which packs are dispensed
_OF_A_CASE, _OF_A_GROUP = 37, 6  # packs dispensed then: half of all
_BACK = 0.02  # of packs
_FILE = 500  # events
_NUMBERS = 40_000  # of containers a lot
_PALLETS = 30_000  # where those of pallets begin


@dataclass(frozen=True, slots=True)
class Lot:
    """The lot as its journey needs it; `names` are serials by ordinal."""

    number: int
    tag: str
    gtin: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Packs sent to a pharmacy: a whole case, or some of a split one."""

    to: Holder
    depot: Holder
    case: SsccEpc | None
    ordinals: Sequence[int]
    sale: str


class Journey:
    """Plays the whole way of one lot at a desk."""

    def __init__(
        self, lot: Lot, *, desk: Desk, actors: Actors, draw: random.Random
    ) -> None:
        self._lot, self._desk, self._actors, self._draw = lot, desk, actors, draw
        order = swapped(draw, len(lot.names))
        self._cases = cut(order, CASE)
        self._pallets = cut(range(len(self._cases)), PALLET)

    def play(self) -> None:
        """Every event of the lot.

        Raises:
            TraceError: the law refuses one of them.
        """
        self._pack()
        shipment = self._to_hub()
        for wholesaler, pallets, ref in self._to_wholesalers(shipment):
            for depot, pallet, sale in self._to_depots(wholesaler, pallets, ref):
                self._pharmacies(self._from_depot(wholesaler, depot, pallet, sale))

    def _pack(self) -> None:
        maker = self._actors.maker
        here, file = self._at(maker), File(maker)
        boxes = [self._case(n) for n in range(len(self._cases))]
        boxes += [self._pallet(n) for n in range(len(self._pallets))]
        for start in range(0, len(boxes), 1_000):
            file.add(_begun(here, boxes[start : start + 1_000]), {})
        for number, ordinals in enumerate(self._cases):
            packed = build.pack(
                here, container=self._case(number), children=self._packs(ordinals)
            )
            file.add(packed, self._units(ordinals))
            if len(file.lines) >= _FILE:
                self._desk.submit(file)
                file = File(maker)
        for number, cases in enumerate(self._pallets):
            children = Units([self._case(case) for case in cases])
            packed = build.pack(here, container=self._pallet(number), children=children)
            file.add(packed, self._on_pallets([number]))
        self._desk.submit(file)

    def _to_hub(self) -> str:
        maker, hub = self._actors.maker, self._actors.hub
        file, numbers = File(maker), range(len(self._pallets))
        line = file.add(self._shipped(maker, hub, numbers), self._on_pallets(numbers))
        return f"{self._desk.submit(file)}{line}"

    def _to_wholesalers(
        self, shipment: str
    ) -> Iterator[tuple[Holder, Sequence[int], str]]:
        maker, hub = self._actors.maker, self._actors.hub
        file, numbers = File(hub), list(range(len(self._pallets)))
        file.add(self._came(maker, hub, numbers), self._on_pallets(numbers), shipment)
        those = self._actors.wholesalers
        parts = cut(numbers, -(-len(numbers) // len(those)))
        sent = [
            (to, part, file.add(self._shipped(hub, to, part), self._on_pallets(part)))
            for to, part in zip(those, parts, strict=False)
        ]
        name = self._desk.submit(file)
        for to, part, line in sent:
            yield to, part, f"{name}{line}"

    def _to_depots(
        self, wholesaler: Holder, pallets: Sequence[int], shipment: str
    ) -> Iterator[tuple[Holder, int, str]]:
        file, hub = File(wholesaler), self._actors.hub
        file.add(
            self._came(hub, wholesaler, pallets), self._on_pallets(pallets), shipment
        )
        sent = []
        for pallet in pallets:
            depot = self._draw.choice(self._actors.depots)
            shipped = self._shipped(wholesaler, depot, [pallet])
            sent.append((depot, pallet, file.add(shipped, self._on_pallets([pallet]))))
        name = self._desk.submit(file)
        for depot, pallet, line in sent:
            yield depot, pallet, f"{name}{line}"

    def _from_depot(
        self, wholesaler: Holder, depot: Holder, pallet: int, sale: str
    ) -> list[Delivery]:
        """A pallet arrives, is unpacked and goes out by case or by the piece."""
        file, here = File(depot), self._at(depot)
        inside = self._on_pallets([pallet])
        file.add(self._came(wholesaler, depot, [pallet]), inside, sale)
        file.add(build.unpack(here, container=self._pallet(pallet)), inside)
        sent = [
            delivery
            for number in self._pallets[pallet]
            for delivery in self._case_out(file, depot, number)
        ]
        name = self._desk.submit(file)
        return [
            Delivery(to, depot, case, ordinals, f"{name}{line}")
            for to, case, ordinals, line in sent
        ]

    def _case_out(
        self, file: File, depot: Holder, number: int
    ) -> Iterator[tuple[Holder, SsccEpc | None, Sequence[int], str]]:
        case, ordinals = self._case(number), self._cases[number]
        if self._draw.random() < _WHOLE:
            to = self._draw.choice(self._actors.pharmacies)
            yield to, case, ordinals, self._sell(file, depot, to, case, ordinals)
            return
        here = self._at(depot)
        file.add(build.unpack(here, container=case), self._units(ordinals))
        for group in cut(ordinals, GROUP):
            to = self._draw.choice(self._actors.pharmacies)
            yield to, None, group, self._sell(file, depot, to, None, group)

    def _sell(
        self,
        file: File,
        depot: Holder,
        to: Holder,
        case: SsccEpc | None,
        ordinals: Sequence[int],
    ) -> str:
        things = Units([case]) if case else self._packs(ordinals)
        sold = build.ship(self._at(depot), units=things, handover=_way(depot, to))
        return file.add(sold, self._units(ordinals))

    def _pharmacies(self, deliveries: Sequence[Delivery]) -> None:
        """Each takes what came, sells of it, sends some back."""
        by_pharmacy: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in deliveries:
            by_pharmacy[delivery.to.gln].append(delivery)
        returned: list[tuple[Delivery, str]] = []
        for parts in by_pharmacy.values():
            file, back = File(parts[0].to), []
            for delivery in parts:
                back += self._at_counter(file, delivery)
            name = self._desk.submit(file)
            returned += [(delivery, f"{name}{line}") for delivery, line in back]
        self._take_back(returned)

    def _at_counter(
        self, file: File, delivery: Delivery
    ) -> Iterator[tuple[Delivery, str]]:
        here, way = self._at(delivery.to), _way(delivery.depot, delivery.to)
        case, ordinals = delivery.case, delivery.ordinals
        things = Units([case]) if case else self._packs(ordinals)
        came = build.receive(
            here, units=things, handover=way, is_inferred=case is not None
        )
        file.add(came, self._units(ordinals), delivery.sale)
        if self._draw.random() < _SELLING:
            sold = ordinals[: _OF_A_CASE if case else _OF_A_GROUP]
            dispensed = build.dispense(here, units=self._packs(sold))
            file.add(dispensed, self._units(sold))
        elif case is None and self._draw.random() < _SHARE_BACK:
            back = build.ship_return(
                here,
                units=things,
                handover=_way(delivery.to, delivery.depot, self._rma(delivery)),
            )
            yield delivery, file.add(back, self._units(ordinals), delivery.sale)

    def _take_back(self, returned: Sequence[tuple[Delivery, str]]) -> None:
        if not returned:
            return
        file = File(returned[0][0].depot)
        for delivery, ref in returned:
            came = build.receive_return(
                self._at(delivery.depot),
                units=self._packs(delivery.ordinals),
                handover=_way(delivery.to, delivery.depot, self._rma(delivery)),
            )
            file.add(came, self._units(delivery.ordinals), ref)
        self._desk.submit(file)

    def _rma(self, delivery: Delivery) -> str:
        return f"urn:epcglobal:cbv:bt:{delivery.depot.gln}:{delivery.sale[:16]}"

    def _shipped(self, by: Holder, to: Holder, pallets: Sequence[int]) -> EpcisEvent:
        things = Units([self._pallet(number) for number in pallets])
        return build.ship(self._at(by), units=things, handover=_way(by, to))

    def _came(self, by: Holder, to: Holder, pallets: Sequence[int]) -> EpcisEvent:
        things = Units([self._pallet(number) for number in pallets])
        return build.receive(
            self._at(to), units=things, handover=_way(by, to), is_inferred=True
        )

    def _at(self, holder: Holder) -> Occasion:
        return Occasion(as_ms(self._desk.sayer.stage.at), holder.site)

    def _case(self, number: int) -> SsccEpc:
        return SsccEpc(sscc(_NUMBERS * (1 + self._lot.number) + number))

    def _pallet(self, number: int) -> SsccEpc:
        return self._case(_PALLETS + number)

    def _packs(self, ordinals: Sequence[int]) -> Units:
        names = self._lot.names
        return Units([PackEpc(self._lot.gtin, names[n]) for n in ordinals])

    def _units(self, ordinals: Sequence[int]) -> dict[str, BitMap]:
        return {self._lot.tag: BitMap(ordinals)}

    def _on_pallets(self, pallets: Sequence[int]) -> dict[str, BitMap]:
        cases = [case for number in pallets for case in self._pallets[number]]
        return self._units([n for case in cases for n in self._cases[case]])


# Groups that sell nothing are the ones that go back: a share of all packs.
_SHARE_BACK = _BACK / ((1 - _WHOLE) * (1 - _SELLING))


def _begun(here: Occasion, boxes: Sequence[SsccEpc]) -> EpcisEvent:
    """Many empty containers in one event."""
    words = ("ADD", "commissioning", "active")
    place = Location(here.site)
    return object_event(here, words, Units(boxes), biz_location=place)


def _way(source: Holder, to: Holder, rma: str = "") -> Handover:
    documents = [BizTransaction("rma", rma)] if rma else []
    return Handover(source.gln, source.site, to.gln, to.site, documents)

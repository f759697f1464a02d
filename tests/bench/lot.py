"""One lot that thousands have: commissioned, packed in cases, sent and received.

The maker commissions it through the door, packs it by files of events, and sends each
holder one case; every holder signs its receipt with its own key.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator, Sequence

from pyroaring import BitMap

from apps.anchoring import operations as anchoring
from apps.catalog.models import Batch
from apps.core.epcis import EpcisEvent, PackEpc, SsccEpc, build
from apps.core.epcis.parts import Handover, Occasion, Units
from apps.custody import operations as custody
from apps.ledger.formats import as_ms
from pharmatrace.demo.cast import AMOXIL, NOVAMED
from pharmatrace.demo.stage import Stage
from tests.bench.holders import Holder, admit
from tests.bench.saying import Sayer, Voice
from tests.custody.goods import Goods, site, sscc

LOT = "WIDE"
_LINES = 500  # packings a file of events
_AT_ONCE = 1_000  # deliveries a transaction
_ALPHABET = string.digits + string.ascii_uppercase


def numbers(count: int) -> list[str]:
    """So many serials of 14 random characters, the same ones each time."""
    draw = random.Random(count)
    return ["".join(draw.choices(_ALPHABET, k=14)) for _ in range(count)]


def spread(stage: Stage, *, names: Sequence[str], holders: int) -> Batch:
    """The lot of these serials, one case of equal size at each of so many holders.

    Raises:
        TraceError: the law refuses something of it.
    """
    sayer = Sayer(stage)
    goods = Goods(stage)
    goods.commission(lot=LOT, names=list(names))
    batch = goods.batch(LOT)
    maker = Voice(NOVAMED.gln, NOVAMED.admin.signer, [stage.keyring.key_of(NOVAMED)])
    cases = _Cases(sayer, maker, bytes(batch.tag).hex(), _split(names, holders))
    made = admit(sayer, holders)
    cases.pack()
    for start in range(0, holders, _AT_ONCE):
        cases.deliver(start, made[start : start + _AT_ONCE])
    while anchoring.sequence(at=stage.tick()):
        continue
    custody.rebuild()
    return batch


class _Cases:
    """The cases of the lot, by number."""

    def __init__(
        self, sayer: Sayer, maker: Voice, tag: str, content: Sequence[Sequence[str]]
    ) -> None:
        self._sayer, self._maker, self._tag = sayer, maker, tag
        self._content = content
        self._size = len(content[0])

    def pack(self) -> None:
        """All packs into their cases, by files of the maker."""
        numbers = range(len(self._content))
        with self._sayer.at_once():
            for start in numbers[::_LINES]:
                part = numbers[start : start + _LINES]
                self._sayer.file(self._maker, list(self._packings(part)))

    def _packings(
        self, numbers: Sequence[int]
    ) -> Iterator[tuple[EpcisEvent, dict[str, BitMap]]]:
        here = Occasion(as_ms(self._sayer.stage.at), site(NOVAMED))
        for number in numbers:
            case = SsccEpc(sscc(number))
            packs = [PackEpc(AMOXIL.gtin, name) for name in self._content[number]]
            yield build.commission_container(here, container=case), {}
            packed = build.pack(here, container=case, children=Units(packs))
            yield packed, self._units(number)

    def deliver(self, start: int, holders: Sequence[Holder]) -> None:
        """The cases from `start` on, each to one of the holders."""
        with self._sayer.at_once():
            for number, holder in enumerate(holders, start):
                self._deliver(number, holder)

    def _deliver(self, number: int, holder: Holder) -> None:
        at_ms = as_ms(self._sayer.stage.at)
        case = Units([SsccEpc(sscc(number))])
        way = Handover(NOVAMED.gln, site(NOVAMED), holder.gln, holder.site)
        sent = build.ship(Occasion(at_ms, site(NOVAMED)), units=case, handover=way)
        came = build.receive(
            Occasion(at_ms, holder.site), units=case, handover=way, is_inferred=True
        )
        units = self._units(number)
        sale = self._sayer.event(self._maker, sent, units)
        self._sayer.event(holder.voice, came, units, sale)

    def _units(self, number: int) -> dict[str, BitMap]:
        first = number * self._size
        packs = range(first, first + len(self._content[number]))
        return {self._tag: BitMap(packs)}


def _split(names: Sequence[str], parts: int) -> list[Sequence[str]]:
    """So many parts of one size, but for the last."""
    size = -(-len(names) // parts)
    return [names[at : at + size] for at in range(0, len(names), size)]

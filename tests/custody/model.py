"""Where every pack of a small trade is: the model that the books are held against."""

from typing import Any

from hypothesis import strategies as st

from apps.custody import queries
from pharmatrace.demo.cast import AMOXIL, MARKT, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials

NAMES = serials(16)
BOXES = [box(number) for number in range(1, 5)]
PLAYERS = (NOVAMED, TRANSPHARM, STELLA, MARKT)
ENDS = {"destroy": "destroyed", "sample": "sampled", "stolen": "stolen"}
players = st.sampled_from(PLAYERS)
some_boxes = st.lists(st.sampled_from(BOXES), unique=True, max_size=2)
seldom = st.integers(0, 7).map(lambda number: number == 0)

Place = tuple[str, str]


def one_of(refs: dict[str, Any], data: Any) -> str:
    """One reference by its position: the names themselves are random."""
    return list(refs)[data.draw(st.integers(0, len(refs) - 1))]


class Model:
    """Where every pack is, and what every accepted event changed."""

    def __init__(self) -> None:
        units = [queries.find_unit(gtin=AMOXIL.gtin, serial=name) for name in NAMES]
        self.where = {u.serial: (u.holder, u.status) for u in units if u is not None}
        self.before: dict[str, dict[str, Place]] = {}

    def move(self, ref: str, names: list[str], to: Place) -> None:
        self.before[ref] = {name: self.where[name] for name in names}
        self.where |= dict.fromkeys(names, to)

    def take_back(self, ref: str, names: list[str]) -> None:
        self.where |= {name: self.before[ref][name] for name in names}


def begin(stage: Stage) -> Goods:
    """Packs at everybody, some of them in a case on a pallet."""
    told = Goods(stage)
    told.commission(names=NAMES)
    for epc in BOXES:
        told.do(NOVAMED, "new_container", container=epc)
    told.do(NOVAMED, "pack", container=BOXES[0], items=packs(NAMES[6:8]))
    told.do(NOVAMED, "pack", container=BOXES[1], items=[BOXES[0], pack(NAMES[8])])
    told.receive(told.ship([BOXES[1]]))
    told.deliver(packs(NAMES[9:13]), to=STELLA)
    told.deliver(packs(NAMES[13:]), to=MARKT)
    return told

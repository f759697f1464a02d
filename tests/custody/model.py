"""Where every pack of a small trade is: the model that the books are held against."""

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from apps.custody.formats import to_set
from apps.custody.models import ContainerLine, Holding
from pharmatrace.demo.cast import MARKT, NOVAMED, STELLA, TRANSPHARM, Player
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials

NAMES = serials(16)
LATER = serials(4, start=16)  # of a second lot, made while the first is in trade
LOTS = {"A1": NAMES, "B2": LATER}
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


def names_of(row: ContainerLine | Holding) -> list[str]:
    """The serials behind a stored set."""
    return [LOTS[row.batch.lot][ordinal] for ordinal in to_set(row.units)]


class Model:
    """Where every pack is, how it came there, and what every accepted event changed."""

    def __init__(self) -> None:
        self.where: dict[str, Place] = {}
        self.before: dict[str, dict[str, Place]] = {}
        self.path: dict[str, list[tuple[str, Place]]] = {}

    def move(self, ref: str, names: list[str], to: Place) -> None:
        self.before[ref] = {name: self.where.get(name, to) for name in names}
        self._put(ref, dict.fromkeys(names, to))

    def take_back(self, ref: str, names: list[str], by: str) -> None:
        self._put(by, {name: self.before[ref][name] for name in names})

    def _put(self, ref: str, places: dict[str, Place]) -> None:
        for name, place in places.items():
            if place != self.where.get(name):  # a second part of a pack moves nothing
                self.path.setdefault(name, []).append((ref, place))
        self.where |= places

    def ever_at(self, gln: str, names: list[str]) -> set[str]:
        """Those of `names` that somebody has or had."""
        return {n for n in names for _, (at, _) in self.path.get(n, ()) if at == gln}


def begin(stage: Stage) -> tuple[Goods, Model]:
    """Packs at everybody, some of them in a case on a pallet."""
    told, model = Goods(stage), Model()

    def deliver(items: list[Any], names: list[str], *route: Player) -> None:
        for seller, buyer in pairwise(route):
            sold = told.ship(items, by=seller, to=buyer)
            model.move(sold, names, (seller.gln, "in_transit"))
            model.move(told.receive(sold, by=buyer), names, (buyer.gln, "active"))

    made = told.commission(names=NAMES).statement_id
    model.move(made, NAMES, (NOVAMED.gln, "active"))
    for epc in BOXES:
        told.do(NOVAMED, "new_container", container=epc)
    told.do(NOVAMED, "pack", container=BOXES[0], items=packs(NAMES[6:8]))
    told.do(NOVAMED, "pack", container=BOXES[1], items=[BOXES[0], pack(NAMES[8])])
    deliver([BOXES[1]], NAMES[6:9], NOVAMED, TRANSPHARM)
    deliver(packs(NAMES[9:13]), NAMES[9:13], NOVAMED, TRANSPHARM, STELLA)
    deliver(packs(NAMES[13:]), NAMES[13:], NOVAMED, TRANSPHARM, MARKT)
    return told, model

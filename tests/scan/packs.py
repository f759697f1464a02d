"""Codes of packs, and the lot that the tests of scanning play with."""

from datetime import timedelta

from apps.partners.queries import Actor
from apps.scan import queries
from apps.scan.queries import Verdict
from pharmatrace.demo.cast import AMOXIL, NOVAMED, Player
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, pack

GS = "\x1d"
LOT = "A123"


def code(serial, *, lot=LOT, expiry="290228", gs=GS, gtin=AMOXIL.gtin):
    """An element string in the usual order, as a scanner sends it."""
    return f"01{gtin}17{expiry}10{lot}{gs}21{serial}"


class Chain(Goods):
    """Goods whose lot and serials look like those of real packs."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.names = [f"S1K7q{n:02}" for n in range(12)]

    def commission(self, lot=LOT, names=None, count=12):
        return super().commission(lot=lot, names=names, count=count)

    def epc(self, number: int) -> str:
        return pack(self.names[number])

    def code(self, number: int, **changes: str) -> str:
        return code(self.names[number], **changes)

    def actor(self, player: Player) -> Actor:
        return self.stage.actor(player)

    def scan(self, text: str, player: Player, *, later=timedelta(0)) -> Verdict:
        """The verdict on `text` for `player`, some time after the last statement."""
        return queries.judge_scan(
            code=text, actor=self.actor(player), at=self.stage.at + later
        )

    def recall(self, *, scope=None, player: Player = NOVAMED, **changes: str) -> str:
        """Open a recall of the lot; its id."""
        wish = {
            "kind": "recall.open",
            "gtin": AMOXIL.gtin,
            "scope": scope or {"lots": [LOT]},
            "class": "II",
            "reason": "wrong leaflet",
            "instructions": "Quarantine and return.",
            "depth": "retail",
        } | changes
        return self.stage.act(player, wish).statement_id

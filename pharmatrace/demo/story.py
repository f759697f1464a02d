"""What happened in the demo network so far, act by act, each act signed.

1. Novamed makes twenty lots and packs most of them into cases, one onto a pallet.
2. Transpharm receives three deliveries, one of them a case short; a fourth is under way.
3. Three pharmacies are supplied; one delivery to Stella is still to be received.
4. Packs are dispensed, one dispense is undone, two packs go back.
5. Novamed recalls lot A123; Stella answers, and a late dispense is refused.
"""

from collections.abc import Iterator
from typing import Any

from apps.catalog import queries as catalog
from apps.core.errors import ForbiddenTransfer
from apps.custody import operations as custody
from apps.custody import queries as goods
from apps.exchange import queries as drafts
from apps.partners import queries as partners
from apps.recalls import operations as recalls
from pharmatrace.demo.cast import (
    LINDE,
    MARKT,
    MEDICINES,
    NOVAMED,
    STELLA,
    TRADERS,
    TRANSPHARM,
    Player,
)
from pharmatrace.demo.goods import (
    BY_NUMBER,
    CASE,
    LOTS,
    RECALLED,
    DemoLot,
    sscc_codes,
)
from pharmatrace.demo.stage import Stage


class Story:
    """The demo's story on a stage; `play` tells it from the start."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.cases: dict[str, list[str]] = {}  # codes of a lot's cases
        self._ssccs = sscc_codes(NOVAMED, extension=0)

    def play(self) -> None:
        """Everything, from genesis to the recall."""
        self.open()
        self.make()
        self.supply_wholesaler()
        self.supply_pharmacies()
        self.dispense()
        self.recall()

    def open(self) -> None:
        """Genesis, admissions, licences, the signers' keys, products."""
        self.stage.open_ledger()
        for player in TRADERS:
            self.stage.admit(player)
            self.stage.license(player)
            for person in player.people[1:]:
                if person.role == "signer":
                    self.stage.enrol(player, person)
        for medicine in MEDICINES:
            self.stage.register(NOVAMED, medicine)

    def make(self) -> None:
        """Act 1: lots, cases, a pallet."""
        for lot in LOTS:
            self.commission(lot)
            if lot.is_boxed:
                self.box(lot)
        self.pallet(self.cases[RECALLED.number])

    def supply_wholesaler(self) -> None:
        """Act 2: what Novamed sends to Transpharm, and what comes."""
        first = self.ship(NOVAMED, TRANSPHARM, _whole("A123", "A124", "C201"))
        second = self.ship(NOVAMED, TRANSPHARM, _whole("C202", "R-11", "D81/1"))
        third = self.ship(NOVAMED, TRANSPHARM, _whole("A125"))
        self.ship(NOVAMED, TRANSPHARM, _whole("C203", "R-13"))
        self.receive(TRANSPHARM, first)
        self.receive(TRANSPHARM, second)
        self.receive(TRANSPHARM, third, self.cases["A125"][:-1])

    def supply_pharmacies(self) -> None:
        """Act 3: from Transpharm to three counters."""
        self.unload_pallet()
        amoxil, cardiol = self.cases["A123"], self.cases["C201"]
        for player, items in (
            (STELLA, [*amoxil[:2], cardiol[0]]),
            (LINDE, [amoxil[2], cardiol[1]]),
            (MARKT, [amoxil[3], self.cases["R-11"][0]]),
        ):
            self.receive(player, self.ship(TRANSPHARM, player, items))
        waiting = [self.cases["A124"][0], self.cases["D81/1"][0]]
        self.ship(TRANSPHARM, STELLA, waiting)

    def dispense(self) -> None:
        """Act 4: over the counters, one by mistake, two on their way back."""
        for number in range(4):
            self.supply(STELLA, RECALLED.pack(number))
        self.undo(STELLA, self.supply(STELLA, RECALLED.pack(4)))
        for number in range(3):
            self.supply(STELLA, BY_NUMBER["C201"].pack(number))
            self.supply(LINDE, BY_NUMBER["C201"].pack(CASE + number))
        self.supply(MARKT, BY_NUMBER["R-11"].pack(0))
        self.give_back([BY_NUMBER["R-11"].pack(number) for number in (1, 2)])

    def recall(self) -> None:
        """Act 5: the wrong leaflet; one pharmacy answers, one tries to supply."""
        late = self._wish(LINDE, "dispense", items=[RECALLED.pack(2 * CASE)])
        actor = self.stage.actor(LINDE)
        draft = drafts.draft(wish=late, actor=actor, at=self.stage.tick())
        opened = self.stage.act(NOVAMED, _recall_wish())
        recalls.flag_affected(recall_id=opened.statement_id, at=self.stage.tick())
        self.stage.act(
            STELLA,
            {
                "kind": "recall.answer",
                "recall": opened.statement_id,
                "lot": RECALLED.number,
                "counts": {"quarantined": 2 * CASE - 4, "supplied": 4},
                "note": "Set aside in the office; four patients are called.",
            },
        )
        try:
            self.stage.submit(draft, self.stage.keyring.key_of(LINDE))
        except ForbiddenTransfer:
            return  # as it must be; the door has kept the attempt as an alert
        raise RuntimeError("a recalled pack was dispensed")

    def commission(self, lot: DemoLot) -> str:
        """Novamed makes a lot; the id of its statement."""
        at = self.stage.tick()
        staging = custody.stage_serials(
            product=catalog.get_product(lot.medicine.gtin),
            partner=partners.get_partner(NOVAMED.gln),
            lot=lot.number,
            expiry_date=lot.expiry_after(at.date()),
            serials=lot.serials,
            at=at,
        )
        draft = goods.draft_commissioning(
            staging_id=staging.pk,
            site=NOVAMED.sites[0].gln,
            actor=self.stage.actor(NOVAMED),
            at=self.stage.tick(),
        )
        key = self.stage.keyring.key_of(NOVAMED)
        return self.stage.submit(draft, key).statement_id

    def box(self, lot: DemoLot) -> None:
        """A lot into cases of 24, one signature for all of them."""
        packs = [lot.pack(number) for number in range(lot.size)]
        cases = [next(self._ssccs) for _ in range(0, lot.size, CASE)]
        self._sign_file(NOVAMED, list(self._boxing(cases, packs)))
        self.cases[lot.number] = cases

    def pallet(self, cases: list[str]) -> None:
        """Cases onto a pallet."""
        self.pallet_code = next(self._ssccs)
        empty = self._wish(NOVAMED, "new_container", container=self.pallet_code)
        full = self._wish(NOVAMED, "pack", container=self.pallet_code, items=cases)
        self.stage.act(NOVAMED, empty)
        self.stage.act(NOVAMED, full)

    def unload_pallet(self) -> None:
        """Transpharm takes the pallet apart."""
        wish = self._wish(
            TRANSPHARM,
            "unpack",
            container=self.pallet_code,
            items=self.cases[RECALLED.number],
        )
        self.stage.act(TRANSPHARM, wish)

    def ship(self, sender: Player, addressee: Player, items: list[Any]) -> str:
        """A despatch; the id of its statement."""
        to = {"gln": addressee.gln, "site": addressee.sites[0].gln}
        wish = self._wish(sender, "ship", items=items, to=to)
        return self.stage.act(sender, wish).statement_id

    def receive(
        self, player: Player, shipment: str, items: list[str] | None = None
    ) -> str:
        """What came of a despatch; all of it if `items` is not given."""
        wish = self._wish(player, "receive", shipment=shipment)
        if items is not None:
            wish["items"] = items
        return self.stage.act(player, wish).statement_id

    def supply(self, player: Player, pack: str) -> str:
        """One pack over the counter; the id of its statement."""
        wish = self._wish(player, "dispense", items=[pack])
        return self.stage.act(player, wish).statement_id

    def undo(self, player: Player, dispense: str) -> str:
        """A dispense that did not occur."""
        wish = self._wish(player, "undo", parents=[dispense])
        return self.stage.act(player, wish).statement_id

    def give_back(self, packs: list[str]) -> None:
        """Market Pharmacy returns packs; Transpharm takes them in, on hold."""
        case = self.cases["R-11"][0]
        self.stage.act(MARKT, self._wish(MARKT, "unpack", container=case, items=packs))
        sent = self.stage.act(MARKT, self._wish(MARKT, "return_ship", items=packs))
        wish = self._wish(TRANSPHARM, "return_receive", shipment=sent.statement_id)
        self.stage.act(TRANSPHARM, wish)

    def _boxing(self, cases: list[str], packs: list[str]) -> Iterator[dict[str, Any]]:
        for number, case in enumerate(cases):
            inside = packs[number * CASE : (number + 1) * CASE]
            yield self._wish(NOVAMED, "new_container", container=case)
            yield self._wish(NOVAMED, "pack", container=case, items=inside)

    def _sign_file(self, player: Player, events: list[dict[str, Any]]) -> None:
        for event in events:
            del event["kind"]
        self.stage.act(player, {"kind": "events", "events": events})

    def _wish(self, player: Player, step: str, **more: Any) -> dict[str, Any]:
        site = player.sites[0].gln
        return {"kind": "event", "step": step, "site": site} | more


def _whole(*numbers: str) -> list[dict[str, str]]:
    return [BY_NUMBER[number].as_item for number in numbers]


def _recall_wish() -> dict[str, Any]:
    return {
        "kind": "recall.open",
        "gtin": RECALLED.medicine.gtin,
        "scope": {"lots": [RECALLED.number]},
        "class": "II",
        "reason": "Wrong leaflet: it names a dose for children that is too high.",
        "instructions": "Set every pack aside, do not supply it, answer with counts.",
        "depth": "patient",
    }

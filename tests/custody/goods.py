"""Lots, cases and journeys of goods, by real statements of the cast."""

from collections.abc import Iterable
from datetime import date

from apps.catalog import queries as catalog
from apps.catalog.models import Batch
from apps.core.gs1 import compute_check_digit
from apps.custody import operations, queries
from apps.custody.models import Staging
from apps.ledger.operations import Accepted
from apps.partners import queries as partners
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM, Player
from pharmatrace.demo.stage import Stage

EXPIRY = date(2029, 2, 28)


def serials(count: int, start: int = 0) -> list[str]:
    return [f"S{number:06}" for number in range(start, start + count)]


def sscc(number: int) -> str:
    body = f"09521568{number:09}"
    return f"{body}{compute_check_digit(body)}"


def box(number: int) -> str:
    return f"https://id.gs1.org/00/{sscc(number)}"


def pack(serial: str) -> str:
    return f"https://id.gs1.org/01/{AMOXIL.gtin}/21/{serial}"


def packs(names: Iterable[str]) -> list[str]:
    return [pack(name) for name in names]


def site(player: Player) -> str:
    return player.sites[0].gln


class Goods:
    """Novamed's goods on a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def commission(
        self,
        lot: str = "A1",
        names: list[str] | None = None,
        count: int = 100,
        expiry: date = EXPIRY,
    ) -> Accepted:
        return self.sign_staged(self.stage_only(lot, names, count, expiry))

    def stage_only(
        self,
        lot: str = "A1",
        names: list[str] | None = None,
        count: int = 100,
        expiry: date = EXPIRY,
    ) -> Staging:
        """Serials that were checked and wait for the signature."""
        return operations.stage_serials(
            product=catalog.get_product(AMOXIL.gtin),
            partner=partners.get_partner(NOVAMED.gln),
            lot=lot,
            expiry_date=expiry,
            serials=names if names is not None else serials(count),
            at=self.stage.tick(),
        )

    def sign_staged(self, staging: Staging) -> Accepted:
        draft = queries.draft_commissioning(
            staging_id=staging.pk,
            site=site(NOVAMED),
            actor=self.stage.actor(NOVAMED),
            at=self.stage.tick(),
        )
        return self.stage.submit(draft, self.stage.keyring.key_of(NOVAMED))

    def do(self, player: Player, step: str, **wish: object) -> Accepted:
        return self.stage.act(
            player, {"kind": "event", "step": step, "site": site(player), **wish}
        )

    def fill(self, number: int, names: Iterable[str]) -> str:
        """A new case with packs in it."""
        self.do(NOVAMED, "new_container", container=box(number))
        self.do(NOVAMED, "pack", container=box(number), items=packs(names))
        return box(number)

    def ship(
        self, items: list[object], by: Player = NOVAMED, to: Player = TRANSPHARM
    ) -> str:
        addressee = {"gln": to.gln, "site": site(to)}
        return self.do(by, "ship", items=items, to=addressee).statement_id

    def receive(self, ref: str, by: Player = TRANSPHARM, **wish: object) -> str:
        return self.do(by, "receive", shipment=ref, **wish).statement_id

    def deliver(self, items: list[object], to: Player = STELLA) -> tuple[str, str]:
        first = self.ship(items)
        self.receive(first)
        sale = self.ship(items, by=TRANSPHARM, to=to)
        self.receive(sale, by=to)
        return first, sale

    def batch(self, lot: str = "A1") -> Batch:
        batch = catalog.find_batch(gtin=AMOXIL.gtin, lot=lot)
        assert batch is not None
        return batch

    def where(self, lot: str = "A1") -> dict[tuple[str, str], int]:
        return {
            (held.holder, held.status): held.count
            for held in queries.holders(batch_id=self.batch(lot).pk)
        }

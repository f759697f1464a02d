"""A small world for the law: one maker, one wholesaler, two pharmacies, one lot."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest

from apps.core.custody import (
    CustodyEvent,
    Licence,
    NewUnits,
    OpenRecall,
    Party,
    State,
    apply,
)
from apps.core.errors import ForbiddenTransfer
from apps.core.ordinals import Ordinals

DAY_MS = 86_400_000
NOW = 1_772_000_000_000  # 2026-02-25
TAG, OTHER_TAG = "aa" * 32, "bb" * 32
GTIN, LOT, EXPIRY = "09521568251204", "A123", date(2028, 2, 29)
NOVAMED, NOVAMED_DC = "9521568000017", "9521568000024"
TRANSPHARM, TRANSPHARM_DC = "9529999000019", "9529999000026"
STELLA, STELLA_SHOP = "9520001000018", "9520001000025"
RIVER, RIVER_SHOP = "9520002000017", "9520002000024"
REGULATOR = "9520009000010"
CASE, CASE_2 = (
    "https://id.gs1.org/00/095215680000000017",
    "https://id.gs1.org/00/095215680000000024",
)
PALLET = "https://id.gs1.org/00/095215680000000031"


def refused(code: str) -> pytest.RaisesExc[ForbiddenTransfer]:
    return pytest.raises(ForbiddenTransfer, check=lambda error: error.code == code)


def licence(role: str, **changes: object) -> Licence:
    plain = Licence(role, ("9521568",), ("*",), 0, None, is_suspended=False)
    return replace(plain, **changes)  # type: ignore[arg-type]


def units(*ordinals: int) -> Ordinals:
    return Ordinals.of(ordinals)


def some(count: int, start: int = 0) -> Ordinals:
    return Ordinals.of(range(start, start + count))


def new_world() -> State[Ordinals]:
    state: State[Ordinals] = State(regulators=frozenset({REGULATOR}))
    for gln, site, role in (
        (NOVAMED, NOVAMED_DC, "manufacturer"),
        (TRANSPHARM, TRANSPHARM_DC, "wholesaler"),
        (STELLA, STELLA_SHOP, "pharmacy"),
        (RIVER, RIVER_SHOP, "pharmacy"),
    ):
        prefixes = ("9521568",) if role == "manufacturer" else ("952" + gln[3:7],)
        state.parties[gln] = Party(
            gln, (licence(role, gs1_prefixes=prefixes),), frozenset({site})
        )
    return state


def verify_carried(state: State[Ordinals]) -> None:
    """A container is where the one around it is: tables keep it of that one alone."""
    for box in state.containers.values():
        if box.parent is not None:
            assert box.place == state.containers[box.parent].place, box.epc


class Story:
    """Says one event after another to a state, as the cast would."""

    def __init__(self, at_ms: int = NOW) -> None:
        self.state = new_world()
        self.at_ms = at_ms
        self._count = 0

    def say(self, event: CustodyEvent[Ordinals], *, at_ms: int | None = None) -> str:
        self._count += 1
        ref = f"{self._count:064x}"
        event = replace(event, ref=ref)
        self.state = apply(self.state, event, at_ms or self.at_ms)
        verify_carried(self.state)
        return ref

    def commission(self, count: int = 100, **changes: object) -> str:
        base = self.state.batches[TAG].size if TAG in self.state.batches else 0
        new = NewUnits(TAG, GTIN, LOT, EXPIRY, base, count, some(count, base))
        new = replace(new, **changes)  # type: ignore[arg-type]
        ref = self.say(
            event(NOVAMED, "commissioning", "active", "ADD", new.units, new_units=new)
        )
        self.state.batches[TAG].brand_owner = NOVAMED
        return ref

    def open_container(self, *epcs: str, by: str = NOVAMED) -> str:
        return self.say(
            event(by, "commissioning", "active", "ADD", None, containers=epcs)
        )

    def pack(
        self,
        parent: str,
        loose: Ordinals | None = None,
        boxes: Iterable[str] = (),
        by: str = NOVAMED,
    ) -> str:
        inside = self.inside(*boxes)
        every = inside if loose is None else inside | loose
        return self.say(
            event(
                by, "packing", "in_progress", "ADD", every,
                form="aggregation", parent=parent, containers=tuple(boxes),
                loose={} if loose is None else {TAG: loose},
            )
        )  # fmt: skip

    def inside(self, *epcs: str) -> Ordinals:
        found = Ordinals()
        for epc in epcs:
            found |= self.state.containers[epc].units.get(TAG, Ordinals())
        return found

    def ship(
        self,
        moved: Ordinals | None = None,
        boxes: Iterable[str] = (),
        by: str = NOVAMED,
        to: str = TRANSPHARM,
    ) -> str:
        loose = {} if moved is None else {TAG: moved}
        every = self.inside(*boxes) | (moved or Ordinals())
        return self.say(
            event(
                by, "shipping", "in_transit", "OBSERVE", every,
                loose=loose, containers=tuple(boxes),
                destination=to, destination_site=site_of(to),
            )
        )  # fmt: skip

    def receive(self, ref: str, moved: Ordinals, by: str = TRANSPHARM) -> str:
        return self.say(
            event(by, "receiving", "in_progress", "OBSERVE", moved, parents=(ref,))
        )

    def deliver(self, moved: Ordinals, to: str = STELLA) -> tuple[str, str]:
        """From the maker over the wholesaler to a pharmacy, loose."""
        first = self.ship(moved)
        self.receive(first, moved)
        sale = self.ship(moved, by=TRANSPHARM, to=to)
        self.receive(sale, moved, by=to)
        return first, sale

    def supply(self, moved: Ordinals, by: str = STELLA) -> str:
        return self.say(event(by, "dispensing", "dispensed", "DELETE", moved))

    def recall(self, moved: Ordinals, return_to: str = "") -> str:
        ref = "ee" * 32
        self.state.recalls[ref] = OpenRecall(ref, NOVAMED, return_to, {TAG: moved})
        self.state.batches[TAG].recalled |= moved
        return ref

    def at(self, holder: str, status: str = "active") -> Ordinals:
        found = Ordinals()
        for place, there in self.state.batches[TAG].holdings.items():
            if (place.holder, place.status) == (holder, status):
                found |= there
        return found


def site_of(gln: str) -> str:
    return {
        NOVAMED: NOVAMED_DC,
        TRANSPHARM: TRANSPHARM_DC,
        STELLA: STELLA_SHOP,
        RIVER: RIVER_SHOP,
    }.get(gln, gln)


def event(
    by: str,
    biz_step: str,
    disposition: str,
    action: str,
    moved: Ordinals | None,
    **more: object,
) -> CustodyEvent[Ordinals]:
    named = {} if moved is None else {TAG: moved}
    return CustodyEvent(
        **{  # type: ignore[arg-type]
            "ref": "",
            "by": by,
            "form": "object",
            "action": action,
            "biz_step": biz_step,
            "disposition": disposition,
            "site": site_of(by),
            "units": named,
            "loose": named,
            **more,
        }
    )


def send_back(sale: str, moved: Ordinals, **more: object) -> CustodyEvent[Ordinals]:
    """Stella returns goods to Transpharm on a sale."""
    return event(
        STELLA, "shipping", "returned", "OBSERVE", moved,
        **{
            "parents": (sale,),
            "destination": TRANSPHARM,
            "destination_site": "9529999000026",
            "has_rma": True,
            **more,
        },
    )  # fmt: skip

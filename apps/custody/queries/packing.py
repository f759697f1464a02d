"""A plan for packing the loose packs of a lot: which serials into which case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.core.epcis import PackEpc
from apps.core.errors import MalformedInput
from apps.custody.queries.numbers import free_ssccs, ssccs_from
from apps.custody.queries.shelf import loose_serials

MOST_CASES = 500


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """A new case and the serials that go into it, in the order of the lot."""

    sscc: str
    serials: tuple[str, ...]

    @property
    def count(self) -> int:
        """Packs in it."""
        return len(self.serials)

    @property
    def first(self) -> str:
        """The serial of its first pack."""
        return self.serials[0]

    @property
    def last(self) -> str:
        """The serial of its last pack."""
        return self.serials[-1]


@dataclass(frozen=True, slots=True)
class PlannedPallet:
    """A new pallet and the cases that go onto it."""

    sscc: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackPlan:
    """What one signature will pack.

    Attributes:
        left: packs that stay loose.
    """

    gtin: str
    site: str
    cases: tuple[PlannedCase, ...]
    pallets: tuple[PlannedPallet, ...]
    left: int

    @property
    def packed(self) -> int:
        """Packs that go into cases."""
        return sum(case.count for case in self.cases)

    def wish(self) -> dict[str, Any]:
        """The file of events that does it: open all numbers, fill cases, then pallets."""
        numbers = [case.sscc for case in self.cases]
        numbers += [pallet.sscc for pallet in self.pallets]
        here = {"site": self.site}
        opened = {**here, "step": "new_container", "container": numbers[0]}
        events: list[dict[str, Any]] = [opened | {"items": numbers[1:]}]
        events += [
            {**here, "step": "pack", "container": case.sscc, "items": self._epcs(case)}
            for case in self.cases
        ]
        events += [
            {
                **here,
                "step": "pack",
                "container": pallet.sscc,
                "items": list(pallet.cases),
            }
            for pallet in self.pallets
        ]
        return {"kind": "events", "events": events}

    def _epcs(self, case: PlannedCase) -> list[str]:
        return [PackEpc(self.gtin, serial).uri for serial in case.serials]


def plan_packing(
    *,
    gln: str,
    site: str,
    gtin: str,
    lot: str,
    size: int,
    cases: int | None,
    per_pallet: int,
    first: str,
) -> PackPlan:
    """Loose packs of a lot into cases of `size`, in the order of their ordinals.

    Args:
        cases: how many; None means every full case, at most `MOST_CASES`. The last
            one may stay part full if more are asked for than full ones.
        per_pallet: cases on a pallet, 0 for none.
        first: SSCC of the first case, "" for the next free number.

    Raises:
        MalformedInput: `too_few` loose packs for that, or no number is left.
    """
    serials = loose_serials(gln=gln, site=site, gtin=gtin, lot=lot)
    most = min(-(-len(serials) // size), MOST_CASES)
    wanted = min(max(len(serials) // size, 1), MOST_CASES) if cases is None else cases
    if not 1 <= wanted <= most:
        raise MalformedInput(
            "too_few",
            field="cases",
            got=f"{wanted} cases of {size}, {len(serials)} loose packs",
            wanted=f"1 to {most} cases" if most else "loose packs of the lot",
        )
    pallets = -(-wanted // per_pallet) if per_pallet else 0
    numbers = _numbers(gln, first, wanted + pallets)
    filled = _fill(serials, numbers[:wanted], size)
    return PackPlan(
        gtin=gtin,
        site=site,
        cases=filled,
        pallets=_stack(numbers[:wanted], numbers[wanted:], per_pallet),
        left=len(serials) - sum(case.count for case in filled),
    )


def _numbers(gln: str, first: str, count: int) -> list[str]:
    if first:
        return ssccs_from(first, count=count)
    numbers = free_ssccs(gln=gln, count=count)
    if not numbers:
        raise MalformedInput(
            "prefix_missing", field="first", wanted="a licence with a GS1 prefix"
        )
    return numbers


def _fill(
    serials: Sequence[str], numbers: Sequence[str], size: int
) -> tuple[PlannedCase, ...]:
    return tuple(
        PlannedCase(number, tuple(serials[k * size : (k + 1) * size]))
        for k, number in enumerate(numbers)
    )


def _stack(
    cases: Sequence[str], numbers: Sequence[str], per_pallet: int
) -> tuple[PlannedPallet, ...]:
    return tuple(
        PlannedPallet(number, tuple(cases[k * per_pallet : (k + 1) * per_pallet]))
        for k, number in enumerate(numbers)
    )

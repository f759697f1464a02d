"""Which units of some batches are recalled or on hold, in two queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyroaring import BitMap

from apps.custody.formats import to_set
from apps.custody.models import BatchHold, RecallScope


@dataclass(slots=True)
class Flags:
    """Recalled and held units by batch row; None where all of a batch is recalled."""

    recalled: dict[int, BitMap | None] = field(default_factory=dict)
    held: dict[int, BitMap] = field(default_factory=dict)

    def recalled_of(self, batch_id: int, units: BitMap) -> int:
        """How many of `units` an open recall covers."""
        if batch_id not in self.recalled:
            return 0
        covered = self.recalled[batch_id]
        return len(units if covered is None else units & covered)

    def held_of(self, batch_id: int, units: BitMap) -> int:
        """How many of `units` somebody put on hold."""
        held = self.held.get(batch_id)
        return len(units & held) if held else 0


def flags_of(batch_ids: Iterable[int]) -> Flags:
    """The flags of these batches."""
    wanted = sorted(set(batch_ids))
    flags = Flags()
    for scope in RecallScope.objects.filter(batch_id__in=wanted):
        known = flags.recalled.setdefault(scope.batch_id, BitMap())
        if scope.is_whole or known is None:
            flags.recalled[scope.batch_id] = None
        else:
            flags.recalled[scope.batch_id] = known | to_set(scope.units)
    for hold in BatchHold.objects.filter(batch_id__in=wanted):
        known_held = flags.held.get(hold.batch_id, BitMap())
        flags.held[hold.batch_id] = known_held | to_set(hold.units)
    return flags


def own_holds(*, gln: str) -> Mapping[int, Mapping[str, BitMap]]:
    """Units that a partner put on hold itself, by batch row and reason."""
    found: dict[int, dict[str, BitMap]] = {}
    for row in BatchHold.objects.filter(owner=gln).order_by("batch_id", "reason"):
        units = to_set(row.units)
        if units:
            found.setdefault(row.batch_id, {})[row.reason] = units
    return found

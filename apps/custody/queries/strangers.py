"""Serials that nobody commissioned, in a draft: judged as a stranger's packs are.

A draft is neither signed nor noted, so it must not tell which serials exist: an
unknown one takes the place of a pack that somebody else holds, and the law refuses
both in the same words. A case that bears a serial of its own is spelled as a pack is:
one that the party may not name is taken for such a pack too. A signed statement hears
the difference, and leaves an alert.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Final

from pyroaring import BitMap

from apps.core.custody import ACTIVE, Batch, CustodyEvent, Place, State, may_name
from apps.core.custody.said import Said
from apps.custody.queries.touching import Found

_NO_BATCH: Final = "0" * 64
_OPENS: Final = "commissioning"


def without_unknown(
    said: Said, found: Found, containers: Collection[str]
) -> tuple[Said, tuple[str, ...]]:
    """The event without its unknown serials, and their EPCs.

    Args:
        containers: EPCs of those that were opened.
    """
    if said.biz_step == _OPENS:
        return said, ()
    unknown = set(found.cases_of(said)).difference(containers)
    if not unknown:
        return said, ()
    known = tuple(p for p in said.packs if said.epc_of(p) not in unknown)
    return replace(said, packs=known), tuple(sorted(unknown))


def strange_cases(
    said: Said, event: CustodyEvent[BitMap], state: State[BitMap]
) -> tuple[str, ...]:
    """The EPCs of cases with a serial that the law lets the party not name."""
    if said.biz_step == _OPENS:
        return ()
    serialised = set(event.containers) - set(said.sscc)
    return tuple(sorted(epc for epc in serialised if not may_name(state, event, epc)))


def with_strangers(
    event: CustodyEvent[BitMap], state: State[BitMap], *, count: int
) -> CustodyEvent[BitMap]:
    """The event with `count` more packs, of a lot that only strangers hold."""
    units = BitMap(range(count))
    elsewhere = Place("", "", ACTIVE)
    state.batches[_NO_BATCH] = Batch(
        _NO_BATCH, "", "", date.max, "", count, {elsewhere: units}, BitMap()
    )
    return replace(
        event,
        units={**event.units, _NO_BATCH: units},
        loose={**event.loose, _NO_BATCH: units},
    )

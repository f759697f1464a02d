"""What every leaf of a log must be, judged in the order of the log.

The leaves are those that were signed: their tree was compared before. So what is
refused here is a lie of the log and no accident on the way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..chain import verify_link
from ..errors import ProofError, TraceError
from ..leaf import (
    ANCHOR_TAG,
    CONFIG_TAG,
    ERASABLE,
    MAP_ROOT_TAG,
    VERSION,
    Leaf,
    LeafType,
)
from .monitor_map import Head, HeadMap

_LEAF: Final = struct.Struct(">BBQ32sQ32s32s")
# What needs no more than its chain; all else is looked at closely.
_PLAIN: Final = frozenset(map(int, (LeafType.GOODS, LeafType.PARTY, LeafType.RECALL)))
_ERASABLE: Final = frozenset(map(int, ERASABLE))
_MAP_ROOT: Final = int(LeafType.MAP_ROOT)
_FIXED: Final = frozenset({MAP_ROOT_TAG, ANCHOR_TAG, CONFIG_TAG})


@dataclass(frozen=True, slots=True)
class Place:
    """How far the leaves were judged.

    Args:
        size: how many.
        time_ms: the time of the last one.
        is_run_open: its run has not ended by a map root yet.
    """

    size: int = 0
    time_ms: int = 0
    is_run_open: bool = False


def judge_leaves(
    leaves: Iterable[tuple[bytes, bytes]], *, place: Place, heads: HeadMap
) -> Place:
    """Judge (entry, leaf hash) pairs that follow `place`; the place behind them.

    The first leaf is of type 7. Each goes on from its tag's chain. The leaves of a
    run have one time, which never goes back. A map root, which ends a run, is the
    root over all leaves before it. An erasure follows something that may be erased.

    Raises:
        ProofError: the code of what is wrong; the field names the leaf's index.
    """
    index, last_ms, is_open = place.size - 1, place.time_ms, place.is_run_open
    find, unpack = heads.find, _LEAF.unpack
    fresh: dict[bytes, Head] = {}  # what this run changed
    for index, (entry, digest) in enumerate(leaves, start=place.size):
        version, kind, time_ms, tag, seq, previous, _ = unpack(entry)
        head = fresh.get(tag) or find(tag)
        length, last_hash, _, is_erasable = head
        if (
            kind not in _PLAIN
            or seq != length
            or previous != last_hash
            or time_ms != last_ms
            or not is_open
            or version != VERSION
            or tag in _FIXED
        ):
            heads.put(fresh)
            fresh.clear()
            _look_closely(entry, head, Place(index, last_ms, is_open), heads)
            last_ms, is_open = time_ms, kind != _MAP_ROOT
        fresh[tag] = (seq + 1, digest, index, is_erasable or kind in _ERASABLE)
    heads.put(fresh)
    return Place(index + 1, last_ms, is_open)


def _look_closely(entry: bytes, head: Head, place: Place, heads: HeadMap) -> None:
    try:
        leaf = Leaf.decode(entry)
        length, leaf_hash, _, is_erasable = head
        verify_link(leaf, count=length, head=leaf_hash)
        _verify_time(leaf, place)
        _verify_kind(leaf, place, is_erasable=is_erasable)
        if leaf.kind is LeafType.MAP_ROOT:
            _verify_map_root(leaf, heads.root())
    except TraceError as error:
        raise ProofError(
            error.code,
            field=f"leaf {place.size}",
            got=error.got,
            wanted=error.wanted,
        ) from error


def _verify_time(leaf: Leaf, place: Place) -> None:
    if leaf.time_ms < place.time_ms:
        raise ProofError(
            "time_runs_back", got=leaf.time_ms, wanted=f"at least {place.time_ms}"
        )
    if place.is_run_open and leaf.time_ms != place.time_ms:
        raise ProofError(
            "times_of_run_differ", got=leaf.time_ms, wanted=str(place.time_ms)
        )


def _verify_kind(leaf: Leaf, place: Place, *, is_erasable: bool) -> None:
    if place.size == 0 and leaf.kind is not LeafType.CONFIG:
        raise ProofError("genesis_not_first", got=int(leaf.kind), wanted="type 7")
    if leaf.kind is LeafType.ERASURE and not is_erasable:
        raise ProofError("nothing_to_erase", wanted="a leaf of type 1 or 6 before it")


def _verify_map_root(leaf: Leaf, root: bytes) -> None:
    if leaf.commitment != root:
        raise ProofError(
            "map_root_differs", got=leaf.commitment.hex(), wanted=root.hex()
        )

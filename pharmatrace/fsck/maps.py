"""The map: its root at the end of every run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, TypeAlias

from apps.core.maproots import Run, RunRoots
from apps.core.merkle import HASH_SIZE
from apps.edge.processes import Beside, spare_processes
from pharmatrace.fsck.finding import Finding

_LEAST_DEPTH: Final = 8
_MOST_DEPTH: Final = 20  # 190 MB of nodes, where a million tags are
_BATCH: Final = 4_096  # changed tags
_LONG: Final = 20_000  # leaves from which on a process is worth its start
_Place: TypeAlias = tuple[int, bytes]  # index and commitment of a map root


def derive_roots(*, tags: int, leaves: int) -> Beside[Sequence[Run], list[bytes]]:
    """What derives the map: in a process of its own, where the log is long.

    Memory there is 80 bytes a node and 64 bytes a tag.

    Args:
        tags: how many are expected; another number costs time only.
    """
    depth = min(max(_LEAST_DEPTH, tags.bit_length() + 1), _MOST_DEPTH)
    is_long = leaves >= _LONG and spare_processes() > 0
    return Beside(RunRoots, depth, processes=int(is_long))


class MapChecker:
    """Fed with the leaves in order, it has the root derived over those before a map root.

    Args:
        beside: derives the roots.
    """

    def __init__(self, beside: Beside[Sequence[Run], list[bytes]]) -> None:
        self._beside = beside
        self._run: dict[bytes, tuple[int, bytes, int]] = {}
        self._runs: list[Run] = []
        self._size = 0  # tags in these runs
        self._places: deque[_Place] = deque()  # of all runs that are not compared

    def take(
        self,
        tags: Sequence[bytes],
        chain_seqs: Sequence[int],
        leaf_hashes: Sequence[bytes],
        indexes: Sequence[int],
    ) -> None:
        """The next leaves, a sequence a field."""
        values = zip(chain_seqs, leaf_hashes, indexes, strict=True)
        changed = dict(zip(tags, values, strict=True))
        if {*map(len, changed)} - {HASH_SIZE} or min(chain_seqs, default=0) < 0:
            # What is no tag or no number was named with its leaf.
            changed = {
                tag: value
                for tag, value in changed.items()
                if len(tag) == HASH_SIZE and value[0] >= 0
            }
        self._run.update(changed)

    def check(self, index: int, commitment: bytes) -> Iterator[Finding]:
        """The leaf at `index` says that this is the map over all that were taken."""
        self._places.append((index, commitment))
        self._runs.append(self._run)
        self._size += len(self._run)
        self._run = {}
        if self._size >= _BATCH:
            yield from self._compare(self._beside.put(self._runs))
            self._runs, self._size = [], 0

    def finish(self) -> Iterator[Finding]:
        """After the last leaf."""
        yield from self._compare(self._beside.put(self._runs))
        yield from self._compare(self._beside.finish())

    def _compare(self, answers: Iterable[Sequence[bytes]]) -> Iterator[Finding]:
        for root in chain.from_iterable(answers):
            index, commitment = self._places.popleft()
            if commitment != root:
                got = commitment.hex()
                yield Finding("map_root_differs", f"leaf {index}", got, root.hex())

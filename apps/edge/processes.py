"""Work that goes on beside the caller's own, in processes, where there are cores for it.

Nothing of the site is loaded in them: what they are to do must be pure, as the ground is.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

_Batch = TypeVar("_Batch")
_Answer = TypeVar("_Answer")
# Batches a process that wait or are worked on: enough that none ever waits for us.
_MOST_DUE: Final = 4


class Beside(Generic[_Batch, _Answer]):
    """A worker, `make(*arguments)`, called with one batch after the other.

    Args:
        make: found by its name in another process, which loads its module.
        processes: each makes a worker of its own; with 0 the caller's does the work.
    """

    def __init__(
        self,
        make: Callable[..., Callable[[_Batch], _Answer]],
        *arguments: object,
        processes: int,
    ) -> None:
        self._due: deque[Future[_Answer]] = deque()
        self._most_due = processes * _MOST_DUE
        self._pool: ProcessPoolExecutor | None = None
        if processes:
            # A fork would inherit connections and locks.
            self._pool = ProcessPoolExecutor(
                processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=partial(_begin, make, arguments),
            )
        else:
            self._work = make(*arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def put(self, batch: _Batch) -> Iterator[_Answer]:
        """Hand over a batch; the answers that are due, in the order of their batches."""
        if self._pool is None:
            yield self._work(batch)
            return
        self._due.append(self._pool.submit(_work, batch))
        while len(self._due) > self._most_due:
            yield self._due.popleft().result()

    def finish(self) -> Iterator[_Answer]:
        """The answers to all batches that are left."""
        while self._due:
            yield self._due.popleft().result()


def spare_processes() -> int:
    """One for each core beside the caller's work; none where it may have none.

    A worker of the job queue is a daemon and must not start processes.
    """
    if multiprocessing.current_process().daemon:
        return 0
    cores = len(os.sched_getaffinity(0))
    return cores if cores > 1 else 0


_worker: list[Callable[[Any], Any]] = []  # of this process, if it stands beside another


def _begin(
    make: Callable[..., Callable[[Any], Any]], arguments: tuple[object, ...]
) -> None:
    _worker[:] = [make(*arguments)]


def _work(batch: Any) -> Any:
    return _worker[0](batch)

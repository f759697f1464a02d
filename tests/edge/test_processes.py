"""Work beside the caller's: the same answers in the same order, wherever it is done."""

import multiprocessing
import struct

import pytest

from apps.core.maproots import RunRoots
from apps.edge import processes
from apps.edge.processes import Beside, spare_processes

TAGS = [bytes([number]) * 32 for number in range(40)]
BATCHES = [[{tag: (0, tag, number)}] for number, tag in enumerate(TAGS)]


def roots(processes):
    with Beside(RunRoots, 4, processes=processes) as work:
        found = [answer for batch in BATCHES for answer in work.put(batch)]
        assert len(found) < len(BATCHES) or not processes  # some are still at work
        return [*found, *work.finish()]


def test_a_process_answers_as_the_caller_would():
    alone = roots(0)

    assert roots(1) == alone
    assert len({root for (root,) in alone}) == len(BATCHES)


def test_a_fault_of_the_work_is_told_to_the_caller():
    with Beside(RunRoots, 4, processes=1) as work:
        assert list(work.put([{TAGS[0]: (-2, TAGS[0], 0)}])) == []
        with pytest.raises(struct.error):
            list(work.finish())


def test_a_process_is_started_only_where_there_is_a_core_for_it(monkeypatch):
    monkeypatch.setattr(processes.os, "sched_getaffinity", lambda _: {0, 1, 2})
    assert spare_processes() == 3

    monkeypatch.setattr(processes.os, "sched_getaffinity", lambda _: {0})
    assert spare_processes() == 0


def test_a_worker_of_the_queue_starts_none(monkeypatch):
    process = multiprocessing.current_process()
    monkeypatch.setattr(processes.os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setitem(process._config, "daemon", True)

    assert spare_processes() == 0

"""Two witnesses as processes: one slow, one dead, and both against a ledger set back."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from apps.core.notekey import VerifierKey
from pharmatrace import forkdemo
from pharmatrace.demo import witnesses as demo
from tests.architecture.sources import ROOT
from tests.faults.conftest import open_site
from tests.faults.judging import Outsider, assert_whole
from tests.faults.nemesis import WAYS
from tests.faults.process import KILLED
from tests.site.serving import free_port

pytestmark = pytest.mark.slow


class Witness:
    """A process that can be held up and ended."""

    def __init__(self, witness: demo.DemoWitness, keys: list[VerifierKey]) -> None:
        self.witness, self.keys = witness, keys
        self.begin()

    def begin(self) -> None:
        self.process = subprocess.Popen(
            self.witness.command(self.keys), cwd=ROOT, stderr=subprocess.DEVNULL
        )
        forkdemo._await(self.witness, self.keys[0].name)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(20)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[tuple]:
    folder: Path = tmp_path_factory.mktemp("witnesses")
    policy = folder / "policy"
    both = [replace(one, port=free_port()) for one in demo.prepare_witnesses(policy)]
    policy.write_bytes(demo._policy_of(both).format())
    site = open_site(tmp_path_factory.mktemp("site"), policy=policy)
    site.do("open")
    keys = [VerifierKey.parse(line) for line in site.do("keys")]
    running = [Witness(one, keys) for one in both]
    site.do("integrate")
    yield site, running
    for one in running:
        one.end()
    site.end()


@pytest.fixture
def site(world):
    return world[0]


@pytest.fixture
def running(world):
    return world[1]


@pytest.fixture
def outsider(site, tmp_path):
    outsider = Outsider(site.log, tmp_path / "memory")
    outsider.follow()
    return outsider


@pytest.mark.parametrize("point", ["witnesses", "answer"])
def test_a_run_that_stops_among_the_witnesses_is_gone_on_with(site, outsider, point):
    for way in WAYS:
        # Each process asks once before it signs, then for the new head.
        fault = {
            "point": point,
            "way": way,
            "number": {"witnesses": 2, "answer": 3}[point],
        }
        site.said += site.do("say", 1)

        ended = site.run("integrate", faults=[fault])

        assert ended.code == (KILLED if way.startswith("kill") else 1), ended.said
        outsider.follow()
        assert_whole(site, outsider)


def test_one_that_is_slow_or_dead_holds_up_publication_and_nothing_else(
    site, running, outsider
):
    size = outsider.follow().head.tree_size
    site.said += site.do("say", 1)
    os.kill(running[0].process.pid, signal.SIGSTOP)
    slow = site.do("integrate")
    assert outsider.follow().head.tree_size == size
    os.kill(running[0].process.pid, signal.SIGCONT)
    running[1].end()
    dead = site.do("integrate")
    assert outsider.follow().head.tree_size == size
    running[1].begin()

    seen = assert_whole(site, outsider)

    assert slow == dead == "Nothing waits."
    assert seen["published"] > size


def test_what_went_back_all_together_is_refused_before_it_is_signed(
    site, running, outsider
):
    site.keep("older")
    site.do("say", 1)
    site.do("integrate")
    outsider.follow()
    site.put_back("older", only=["database", "lock store", "files"])
    site.do("say", 1)
    heads = site.signed_heads()

    ended = site.run("integrate")

    assert "witnesses_contradict" in ended.said
    assert site.signed_heads() == heads
    assert "one: witness_ahead" in site.do("look")["quarantine"]

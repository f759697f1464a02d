"""The parts of the monitor: its map, its judgement of a leaf, its state."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.chain import advance
from apps.core.errors import ProofError, TraceError
from apps.core.leaf import CONFIG_TAG, Leaf, LeafType
from apps.core.map import MapValue
from apps.core.mapbuild import build_root
from apps.core.outside import monitor_map, monitor_state
from apps.core.outside.monitor import run
from apps.core.outside.monitor_judge import Place, judge_leaves
from apps.core.outside.monitor_map import HeadMap
from apps.core.outside.monitor_state import Evidence, MonitorState, ShownHead
from tests.core.outside.public_log import (
    GrowingLog,
    digest,
    hashes,
    serving_files,
)
from tests.core.outside.small_ledger import POLICY


class Rows:
    """Saved heads in memory."""

    def __init__(self):
        self.heads = {}

    def count_heads(self):
        return len(self.heads)

    def list_heads(self, first, last):
        for tag in sorted(self.heads):
            if first <= tag <= last:
                yield tag, self.heads[tag]


# Tags that share long prefixes, as an operator could choose them, and others.
TAGS = st.one_of(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 40).map(lambda n: bytes(31) + bytes([n])),
    st.integers(0, 40).map(lambda n: b"\xff" * 31 + bytes([255 - n])),
    st.integers(0, 255).map(lambda n: b"\x80\x40" + bytes([n]) + bytes(29)),
)


@given(st.lists(st.lists(TAGS, max_size=12), max_size=6), st.booleans())
def test_the_map_has_the_root_of_its_entries_after_every_step(steps, is_reloaded):
    rows, entries, index = Rows(), {}, 0
    heads = HeadMap(rows)
    for tags in steps:
        for tag in tags:
            length = heads.find(tag)[0] + 1
            heads.put({tag: (length, digest(index), index, False)})
            entries[tag] = MapValue(length, digest(index), index)
            index += 1

        assert heads.root() == build_root(entries)
        assert heads.tags == len(entries)

        rows.heads.update(heads.list_unsaved())
        heads.forget_saved()
        if is_reloaded:
            heads = HeadMap(rows)


def test_heads_that_were_saved_are_let_go_and_found_again(monkeypatch):
    monkeypatch.setattr(monitor_map, "_MOST_HELD", 10)
    monkeypatch.setattr(monitor_map, "_LEAST_DEPTH", 2)
    rows = Rows()
    heads = HeadMap(rows)
    for number in range(50):
        tag = digest(number % 20)
        length = heads.find(tag)[0] + 1
        heads.put({tag: (length, digest(number), number, False)})
        heads.root()
        rows.heads.update(heads.list_unsaved())
        heads.forget_saved()

    assert len(heads._heads) <= 11
    assert heads._roots.depth > 3  # more tags, more levels in memory
    assert heads.find(digest(3))[0] == 3
    assert heads.root() == HeadMap(rows).root()


def judged(entries):
    heads = HeadMap(Rows())
    return judge_leaves(
        zip(entries, hashes(entries), strict=True), place=Place(), heads=heads
    )


LOG = GrowingLog(tags=3).run(12).run(1).run(9)


def strictly(entries):
    """The rules again, from the modules that others verify with."""
    values, last_ms, is_open = {}, 0, False
    erasable = set()
    for index, entry in enumerate(entries):
        leaf = Leaf.decode(entry)
        if leaf.kind is LeafType.MAP_ROOT and leaf.commitment != build_root(values):
            raise ProofError("map_root_differs")
        tag = leaf.subject_tag
        values[tag] = advance(values.get(tag), leaf=leaf, index=index)
        if leaf.time_ms < last_ms or (is_open and leaf.time_ms != last_ms):
            raise ProofError("times_of_run_differ")
        if index == 0 and tag != CONFIG_TAG:
            raise ProofError("genesis_not_first")
        if leaf.kind is LeafType.ERASURE and tag not in erasable:
            raise ProofError("nothing_to_erase")
        if leaf.kind in (LeafType.GOODS, LeafType.RECALL):
            erasable.add(tag)
        last_ms, is_open = leaf.time_ms, leaf.kind is not LeafType.MAP_ROOT


@given(st.integers(0, 21), st.integers(0, 113), st.integers(0, 255))
def test_the_fast_judgement_is_the_strict_one(index, at, byte):
    entries = list(LOG.entries)
    changed = bytearray(entries[index])
    changed[at] = byte
    entries[index] = bytes(changed)
    try:
        strictly(entries)
        wanted = None
    except TraceError as error:
        wanted = error

    if wanted is None:
        assert judged(entries).size == 22
    else:
        with pytest.raises(ProofError) as refused:
            judged(entries)
        assert refused.value.field.startswith("leaf ")


def test_leaves_may_come_in_any_pieces():
    chance = random.Random(1)
    entries = GrowingLog(tags=4).run(40).run(1).run(30).entries
    heads, place, rows = HeadMap(Rows()), Place(), Rows()
    at = 0
    while at < len(entries):
        part = entries[at : at + chance.randrange(1, 9)]
        place = judge_leaves(
            zip(part, hashes(part), strict=True), place=place, heads=heads
        )
        heads.root()
        rows.heads.update(heads.list_unsaved())
        at += len(part)
        heads = HeadMap(rows)

    assert place.size == 71
    assert not place.is_run_open


# The state


def test_a_state_belongs_to_one_monitor_at_a_time(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(monitor_state, "_BUSY_SECONDS", 0.1)
    path = tmp_path / "state"
    policy = tmp_path / "policy"
    policy.write_bytes(POLICY)
    with MonitorState(path):
        asked = ["http://127.0.0.1:1", "--policy", str(policy), "--state", str(path)]

        assert run([*asked, "--once"]) == 2

    assert "locked" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"not a database" * 100, None])
def test_a_state_that_cannot_be_read_is_not_checked(tmp_path, capsys, data):
    path = tmp_path / "state"
    if data:
        path.write_bytes(data)
    else:
        path.mkdir()
    policy = tmp_path / "policy"
    policy.write_bytes(POLICY)

    code = run(["http://127.0.0.1:1", "--policy", str(policy), "--state", str(path)])

    assert code == 2
    assert capsys.readouterr().err.startswith("cannot read or write: ")


def test_a_place_is_saved_whole_or_not_at_all(tmp_path):
    path = tmp_path / "state"
    with MonitorState(path) as state:
        state.save(Place(3, 2**64 - 1, True), edges={0: b"e"}, map_root=b"", heads=[])
        bad = [(digest("t"), ("no number", b"", 0, False))]
        with pytest.raises(sqlite3.Error):
            state.save(Place(9, 1, False), edges={1: b"f"}, map_root=b"", heads=bad)

    with MonitorState(path) as state:
        assert state.get_place() == Place(3, 2**64 - 1, True)
        assert state.get_edges() == {0: b"e"}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE tag SET count = count + 1 WHERE count = 1",
        "DELETE FROM tag WHERE count = 1",
        "UPDATE edge SET hashes = zeroblob(length(hashes))",
        "DELETE FROM edge",
        "UPDATE place SET map_root = zeroblob(32)",
    ],
)
def test_the_log_is_not_blamed_for_a_damaged_state(watch, damage, capsys):
    log = GrowingLog().run(20).publish(watch.files)
    watch.once()
    log.run(20).publish(watch.files)
    database = sqlite3.connect(watch.state)
    with database:
        database.execute(damage)
    database.close()

    state = ["--policy", str(watch.policy), "--state", str(watch.state)]
    assert run([watch.url, *state, "--once"]) == 2

    assert "the state is damaged" in capsys.readouterr().err
    with MonitorState(watch.state) as kept:
        assert kept.count_evidence() == 0


def test_heads_and_evidence_fill_no_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(monitor_state, "_MOST_HEADS", 3)
    monkeypatch.setattr(monitor_state, "_MOST_EVIDENCE", 2)
    with MonitorState(tmp_path / "state") as state:
        for size in (1, 2, 3, 4, 5, 5):
            state.keep_shown(ShownHead(size, size * 10, b"%d" % size))
            state.keep_evidence(Evidence(size, "lie", None, b"x"))

        shown = state.list_shown()
        assert (shown[0].size, shown[-1].size, len(shown)) == (1, 5, 3)
        assert state.count_evidence() == 2


def test_a_monitor_killed_at_any_time_goes_on_from_what_it_judged(tmp_path):
    log = GrowingLog(tags=500)
    for _ in range(10):
        log.run(4_000)
    files, policy, path = tmp_path / "log", tmp_path / "policy", tmp_path / "state"
    log.publish(files)
    policy.write_bytes(POLICY)
    command = [sys.executable, "-m", "apps.core.outside.monitor"]
    sizes = []
    with serving_files(files) as url:
        options = [url, "--policy", str(policy), "--state", str(path), "--once"]
        for patience in (0.5, 0.7, 0.9):
            child = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
            time.sleep(patience)
            os.kill(child.pid, signal.SIGKILL)
            child.wait(timeout=20)
            with MonitorState(path) as state:
                sizes.append(state.get_place().size)

        assert run(options) == 0

    assert sizes == sorted(sizes)
    with MonitorState(path) as state:
        assert state.get_place().size == 40_000

"""One run of the sequencer: what it adds, signs and publishes."""

from datetime import timedelta

import pytest

from apps.anchoring import operations, queries
from apps.anchoring.models import Checkpoint, MapEntry, SignedNote, TreeState
from apps.core.leaf import MAP_ROOT_TAG, ZEROS
from apps.core.map import MapValue
from apps.ledger import queries as ledger
from apps.ledger.models import Pending
from tests.anchoring.outsider import verify_public
from tests.ledger.sayings import AT, AT_MS, append, say, saying, tag

pytestmark = pytest.mark.django_db


def test_an_idle_log_adds_nothing(log):
    assert operations.sequence(at=AT) is None

    assert not (log / "checkpoint").exists()
    assert Checkpoint.objects.count() == 0


def test_pending_statements_become_leaves_with_the_map_root_last(log):
    first, second = say("lot A", "lot B"), say("lot A")

    result = operations.sequence(at=AT)

    assert result is not None
    assert (result.size, result.added) == (4, 4)
    rows = list(ledger.list_leaves(start=0, stop=10))
    words = {tag("lot A"): "A", tag("lot B"): "B", MAP_ROOT_TAG: "map"}
    assert [(words[row.tag], row.chain_seq) for row in rows] == [
        *((words[bytes.fromhex(each)], 0) for each in first.tags),
        ("A", 1),
        ("map", 0),
    ]
    assert [row.statement_id for row in rows] == [
        *(first.statement_id, first.statement_id, second.statement_id, None)
    ]
    assert [row.position for row in rows] == [0, 1, 0, 0]
    assert Pending.objects.count() == 0
    assert verify_public(log) == 4


def test_each_run_appends_to_the_last_one(log):
    sizes = []
    for number in range(5):
        for _ in range(number + 1):
            say("lot A", f"lot {number}")
        result = operations.sequence(at=AT + timedelta(seconds=number))
        assert result is not None
        sizes.append(result.size)

    assert sizes == [3, 8, 15, 24, 35]
    assert verify_public(log) == 35
    assert operations.sequence(at=AT) is None
    assert SignedNote.objects.count() == Checkpoint.objects.count() == 5


def test_stored_chains_and_map_are_those_of_the_public_leaves(log):
    for number in range(30):
        say(f"lot {number % 7}", f"lot {number % 4 + 100}")
        if number % 10 == 9:
            operations.sequence(at=AT)

    folded: dict[bytes, MapValue] = {}
    for row in ledger.list_leaves(start=0, stop=1000):
        before = folded.get(row.tag)
        seq = before.count if before else 0
        assert row.chain_seq == seq
        assert row.prev_leaf_hash == (before.head_leaf_hash if before else ZEROS)
        folded[row.tag] = MapValue(seq + 1, row.leaf.leaf_hash, row.index)
    assert dict(queries.list_heads()) == folded
    assert queries.find_heads(set(folded)) == folded
    assert verify_public(log) == 63


def test_a_run_ends_at_whole_statements(log):
    say("a", "b", "c")
    say("d")

    first = operations.sequence(at=AT, limit_leaves=2)
    second = operations.sequence(at=AT, limit_leaves=2)

    assert first is not None
    assert second is not None
    assert (first.size, second.size) == (4, 6)
    assert verify_public(log) == 6


def test_time_never_runs_back_and_is_never_before_an_acceptance():
    say("lot A", accepted_ms=AT_MS)
    operations.sequence(at=AT + timedelta(hours=1))
    say("lot A", accepted_ms=AT_MS + 1)
    operations.sequence(at=AT)
    say("lot A", accepted_ms=AT_MS + 7_200_000)
    operations.sequence(at=AT)

    times = {row.time_ms - AT_MS for row in ledger.list_leaves(start=0, stop=2)}
    then = {row.time_ms - AT_MS for row in ledger.list_leaves(start=2, stop=4)}
    last = {row.time_ms - AT_MS for row in ledger.list_leaves(start=4, stop=6)}
    assert (times, then, last) == ({3_600_000}, {3_600_000}, {7_200_000})


def test_tiles_grow_past_their_width_and_partial_files_go(log):
    for _ in range(3):
        append(saying(*(f"lot {number}" for number in range(200))))
        operations.sequence(at=AT)

    assert verify_public(log) == 603
    assert (log / "tile/0/000").stat().st_size == 8192
    assert not (log / "tile/0/000.p").exists()
    assert not (log / "tile/entries/001.p").exists()
    assert sorted(path.name for path in (log / "tile/0/002.p").iterdir()) == ["91"]
    assert (log / "tile/1/000.p/2").stat().st_size == 64


def test_the_database_and_the_published_files_tell_one_story():
    say("lot A")

    operations.sequence(at=AT)

    published, tree = queries.newest_checkpoint(), TreeState.objects.get()
    assert published is not None
    assert (published.size, published.root_hash) == (tree.size, bytes(tree.root_hash))
    assert SignedNote.objects.get().note.encode() == published.note
    assert MapEntry.objects.count() == 2


def test_the_status_tells_size_age_and_lateness():
    assert queries.status(at=AT).state == "go"
    say("lot A")
    late = queries.status(at=AT + timedelta(seconds=61))
    operations.sequence(at=AT)

    status = queries.status(at=AT + timedelta(seconds=9))

    assert (late.pending, late.is_late, late.state) == (True, True, "think")
    assert (status.log_size, status.age_seconds, status.state) == (2, 9, "go")
    assert not status.pending


def test_a_log_ahead_of_the_hosts_clock_is_an_alarm_until_the_clock_has_come_up():
    say("lot A")
    operations.sequence(at=AT + timedelta(days=1))

    wrong = queries.log_line(AT)
    bearable = queries.log_line(AT + timedelta(days=1, seconds=-60))

    assert not wrong.is_well
    assert wrong.detail.endswith(", the log is 86400 s ahead of this clock")
    assert bearable.is_well

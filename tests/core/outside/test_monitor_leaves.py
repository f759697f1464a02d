"""Logs whose tree is right and signed, and whose leaves lie."""

import pytest

from apps.core.leaf import ZEROS, Leaf, LeafType
from tests.core.outside.public_log import GrowingLog, digest
from tests.core.outside.public_log import write as write_file


def replace_leaf(log, index, **changes):
    """The log with one field of one leaf changed, and nothing else."""
    old = log.leaves[index]
    fields = {name: getattr(old, name) for name in Leaf.__slots__} | changes
    log.leaves[index] = Leaf(**fields)


def test_a_log_that_does_not_begin_with_genesis(watch):
    log = GrowingLog()
    log.add(3)
    log.seal()
    log.publish(watch.files)

    _, said = watch.once()

    assert said["refused"] == "genesis_not_first"
    assert said["detail"].startswith("leaf 0: ")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chain_seq": 7, "prev_leaf_hash": digest("x")}, "chain_gap"),
        ({"prev_leaf_hash": digest("x")}, "chain_broken"),
        ({"chain_seq": 0, "prev_leaf_hash": ZEROS}, "chain_gap"),
        ({"subject_tag": digest("new")}, "chain_gap"),
        ({"time_ms": 1}, "time_runs_back"),
        ({"time_ms": 2**64 - 1}, "times_of_run_differ"),
        ({"kind": LeafType.PARTY, "commitment": digest("x")}, "map_root_differs"),
    ],
)
def test_a_leaf_that_is_not_what_it_must_be(watch, changes, code):
    log = GrowingLog(tags=2).run(30)
    replace_leaf(log, 28, **changes)
    log.publish(watch.files)

    assert watch.refused() == code


def test_a_chain_with_a_leaf_left_out(watch):
    log = GrowingLog(tags=2).run(30)
    del log.leaves[12]
    log.publish(watch.files)

    _, said = watch.once()

    assert said["refused"] == "chain_gap"
    assert int(said["detail"].split(":")[0].removeprefix("leaf ")) >= 12


@pytest.mark.parametrize(("at", "byte"), [(0, 2), (1, 0), (1, 8), (1, 3), (1, 4)])
def test_a_version_or_type_that_does_not_fit(watch, at, byte):
    log = GrowingLog().run(9)
    entry = bytearray(log.entries[5])
    entry[at] = byte
    log.leaves[5] = bytes(entry)
    log.publish(watch.files)

    assert watch.refused() == "bad_leaf"


def test_the_map_root_of_an_earlier_run_is_judged_too(watch):
    log = GrowingLog().run(9)
    replace_leaf(log, 8, commitment=digest("x"))
    log.run(7).publish(watch.files)

    _, said = watch.once()

    assert said["refused"] == "map_root_differs"
    assert said["detail"].startswith("leaf 8: ")


def test_a_head_whose_last_leaf_is_no_map_root(watch):
    log = GrowingLog().run(9)
    log.add(3)
    log.publish(watch.files)

    assert watch.refused() == "map_root_not_last"


def test_an_erasure_of_what_may_not_be_erased(watch):
    log = GrowingLog().run(2)
    log.add(1, LeafType.PARTY)
    log._leaf(LeafType.ERASURE, log.leaves[-1].subject_tag, digest("x"))
    log.seal()
    log.publish(watch.files)

    assert watch.refused() == "nothing_to_erase"


def test_a_lie_in_a_later_run_leaves_the_state_at_the_earlier_one(watch):
    log = GrowingLog(tags=2).run(30).publish(watch.files)
    watch.once()
    good = GrowingLog(tags=2).run(30).run(30)
    log.run(30)
    replace_leaf(log, 58, prev_leaf_hash=digest("x"))
    log.publish(watch.files)

    assert watch.refused() == "chain_broken"

    write_file(watch.files, "checkpoint", good.note_of())
    assert watch.refused() == "log_forked"

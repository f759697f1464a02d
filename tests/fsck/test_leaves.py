"""Leaves by columns: a page is told right exactly where no leaf of it is at fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.leaf import ANCHOR_TAG, CONFIG_TAG, ZEROS, LeafType
from apps.ledger.queries import LeafColumns
from pharmatrace.fsck.leaves import LeafChecker
from tests.core.outside.public_log import GrowingLog, digest

LOG = GrowingLog(tags=3).run(9).run(1).run(6)
ROWS = [
    (
        index,
        leaf.kind is not LeafType.MAP_ROOT,
        int(leaf.kind),
        leaf.time_ms,
        leaf.subject_tag,
        leaf.chain_seq,
        leaf.prev_leaf_hash,
        leaf.commitment,
        leaf.leaf_hash,
    )
    for index, leaf in enumerate(LOG.leaves)
]
# What a column may hold that somebody changed.
OTHERS = {
    0: st.integers(0, 30),
    1: st.booleans(),
    2: st.integers(-1, 300),
    3: st.integers(-1, 2**63 - 1),
    4: st.sampled_from([ZEROS, ANCHOR_TAG, CONFIG_TAG, digest("x"), b"", b"x" * 33]),
    5: st.integers(-1, 2**63 - 1),
    6: st.sampled_from([ZEROS, digest("x"), b"", b"x" * 31]),
    7: st.sampled_from([ZEROS, digest("x"), b"x" * 33]),
    8: st.sampled_from([ZEROS, digest("x"), b""]),
}


def checked(rows):
    """What is found in a page, and what is found by looking at each of its leaves."""
    page = LeafColumns(*zip(*rows, strict=True))
    fast, slow = LeafChecker(), LeafChecker()
    found = list(fast.check(page))
    return found, list(slow._name_faults(page)), fast.entries, slow.entries


def test_a_true_page_is_right_and_its_entries_are_the_leaves():
    found, named, entries, again = checked(ROWS)

    assert found == named == []
    assert entries == again == LOG.entries


@given(st.integers(0, len(ROWS) - 1), st.integers(0, 8), st.data())
def test_a_changed_value_is_named_as_by_looking_at_each_leaf(at, column, chosen):
    rows = [list(row) for row in ROWS]
    rows[at][column] = chosen.draw(OTHERS[column])

    found, named, entries, again = checked(rows)

    assert found == named
    assert entries == again
    # A map root that names a statement is found with the statement: it has a leaf more.
    is_said = (column, rows[at][1], rows[at][2]) == (1, True, LeafType.MAP_ROOT)
    assert bool(found) == (rows != [list(row) for row in ROWS] and not is_said)


@pytest.mark.parametrize("lost", [0, 4])
def test_a_gap_is_named_once(lost):
    found, *_ = checked([row for row in ROWS if row[0] != lost])

    assert [(each.code, each.where) for each in found] == [
        ("leaves_not_dense", f"leaf {lost + 1}")
    ]


def test_the_next_page_goes_on_where_the_last_one_ended():
    checker = LeafChecker()
    pages = [LeafColumns(*zip(*part, strict=True)) for part in (ROWS[:5], ROWS[5:])]

    assert [found for page in pages for found in checker.check(page)] == []
    assert (checker.size, checker.count) == (16, 16)
    assert checker.time_ms == LOG.leaves[-1].time_ms

    late = [found.code for page in pages for found in checker.check(page)]
    assert late.count("leaves_not_dense") == 1
    assert "time_runs_back" in late

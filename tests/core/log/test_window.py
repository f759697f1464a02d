"""A stretch of the log: whatever is left out, added or moved, the root tells."""

import json
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput, ProofError
from apps.core.tree import MemoryTree
from apps.core.window import Window, parse_window, verify_window
from apps.core.windowbuild import build_window
from tests.core.log.log_cast import flip
from tests.core.outside.public_log import GrowingLog


@cache
def log_of(size):
    log = GrowingLog()
    for start in range(0, size, 3):
        log.run(min(3, size - start))
    return log, MemoryTree(leaf.leaf_hash for leaf in log.leaves)


def window_of(size, first, end) -> Window:
    log, tree = log_of(size)
    return build_window(
        tree,
        leaves=log.leaves[first:end],
        first=first,
        tree_size=size,
        checkpoint=log.note_of(),
    )


@st.composite
def stretches(draw):
    size = draw(st.integers(3, 70))
    first = draw(st.integers(0, size - 1))
    return window_of(size, first, draw(st.integers(first + 1, size)))


@pytest.mark.parametrize("size", [3, 4, 5, 8, 9, 16, 17, 31, 33])
def test_every_stretch_of_a_log_verifies(size):
    for first in range(size):
        for end in range(first + 1, size + 1):
            window = window_of(size, first, end)
            verify_window(window)
            assert (window.first, window.end) == (first, end)


@given(stretches())
def test_a_window_is_read_back_as_it_was_written(window):
    assert parse_window(json.dumps(window.to_json()).encode()) == window


@given(st.binary(max_size=200))
def test_any_bytes_give_a_window_or_a_refusal(data):
    with pytest.raises(MalformedInput):
        parse_window(data)


@given(stretches(), st.data())
def test_a_window_with_a_leaf_less_more_or_moved_does_not_verify(window, data):
    leaves = window.leaves
    at = data.draw(st.integers(0, len(leaves) - 1))
    lies = [
        replace(window, leaves=leaves[:at] + leaves[at + 1 :] or leaves * 2),
        replace(window, leaves=(*leaves[: at + 1], *leaves[at:])),
        replace(window, first=window.first + 1),
    ]
    if len(leaves) > 1:
        lies.append(replace(window, leaves=(*leaves[1:], leaves[0])))
    for name in ("left", "right"):
        hashes = getattr(window, name)
        lies.append(replace(window, **{name: (*hashes, bytes(32))}))
        if hashes:
            lies.append(replace(window, **{name: hashes[1:]}))
            bad = (flip(hashes[0], 1), *hashes[1:])
            lies.append(replace(window, **{name: bad}))
    for lie in lies:
        with pytest.raises(ProofError):
            verify_window(lie)


def test_a_log_whose_times_run_back_is_refused():
    log = GrowingLog().run(3)
    log.time_ms -= 5_000
    log.run(3)
    tree = MemoryTree(leaf.leaf_hash for leaf in log.leaves)
    window = build_window(
        tree, leaves=log.leaves[1:5], first=1, tree_size=6, checkpoint=log.note_of()
    )

    with pytest.raises(ProofError, match="time runs back"):
        verify_window(window)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("format", "pharmatrace-window/v2", "unknown_word"),
        ("first", -1, "out_of_range"),
        ("leaves", [], "bad_length"),
        ("leaves", ["00" * 114], "bad_leaf"),
        ("leaves", ["00"], "bad_hex"),
        ("left", ["AA=="], "bad_length"),
        ("right", ["A"], "bad_base64"),
        ("checkpoint", "", "bad_note"),
        ("checkpoint", "a\nb\nc\n", "bad_note"),
        ("note", "x", "unknown_field"),
    ],
)
def test_what_is_no_window_is_refused(name, value, code):
    document = {**window_of(9, 2, 5).to_json(), name: value}

    with pytest.raises(MalformedInput) as caught:
        parse_window(json.dumps(document).encode())
    assert caught.value.code == code

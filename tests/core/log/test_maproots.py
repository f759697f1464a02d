"""The map's roots as those derive them who check them."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.map import EMPTY_MAP
from apps.core.mapbuild import build_root
from apps.core.maproots import MapRoots, leaf_of_tag
from tests.core.log.test_map import KEYS, hashed, naive_root, value

STEPS = st.lists(
    st.dictionaries(KEYS, st.integers(0, 2**40).map(value), max_size=12), max_size=6
)
DEPTHS = st.sampled_from([0, 1, 4, 9])


def leaf(tag, one):
    return leaf_of_tag(tag, one.count, one.head_leaf_hash, one.last_index)


def leaves(entries):
    return {tag: leaf(tag, one) for tag, one in entries.items()}


@given(STEPS, DEPTHS)
def test_every_step_has_the_root_of_the_definition(steps, depth):
    roots, now = MapRoots(depth=depth), {}
    for changes in steps:
        roots.update(leaves(changes))
        now |= changes

        assert roots.root == naive_root(now)
        assert roots.tags == len(now)


@given(STEPS, DEPTHS)
def test_buckets_that_were_let_go_are_held_again(steps, depth):
    roots, now = MapRoots(depth=depth), {}
    for changes in steps:
        for bucket in {roots.bucket_of(tag) for tag in changes}:
            inside = {t: one for t, one in now.items() if roots.bucket_of(t) == bucket}
            assert roots.is_empty(bucket) == (not inside)
            roots.keep(bucket, sorted(leaves(inside).items()))
        roots.update(leaves(changes))
        now |= changes
        roots.let_go()

        assert (roots.root, roots.tags) == (build_root(now), len(now))


@given(STEPS, DEPTHS)
def test_what_is_loaded_has_the_same_root(steps, depth):
    now = {tag: one for changes in steps for tag, one in changes.items()}
    roots = MapRoots(depth=depth)
    rows = sorted(leaves(now).items())
    for _, rows_of_bucket in groupby(rows, key=lambda row: roots.bucket_of(row[0])):
        roots.load(list(rows_of_bucket))
    roots.finish()

    assert (roots.root, roots.tags) == (build_root(now), len(now))


@pytest.mark.parametrize("depth", [6, 11, 16])
def test_a_large_map_has_the_root_of_its_entries_whatever_its_depth(depth):
    roots, now = MapRoots(depth=depth), {}
    for step in range(20):
        changes = {hashed(number): value(step) for number in range(step, 3000, 17)}
        roots.update(leaves(changes))
        now |= changes

    assert roots.root == build_root(now)
    assert roots.tags == len(now)


def test_an_empty_map_has_no_root_of_leaves():
    assert MapRoots(depth=3).root == EMPTY_MAP

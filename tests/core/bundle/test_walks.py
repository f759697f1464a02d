"""Many leaves proven by one walk: it gives the root, and no lie gives the same one."""

from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.core.bundle.share import share_map, share_tree
from apps.core.bundle.shared import Hashes, SharedMap, root_of_leaves
from apps.core.errors import MalformedInput, ProofError
from apps.core.map import EMPTY_MAP, MapValue
from apps.core.mapbuild import MapTree
from apps.core.merkle import HASH_SIZE
from apps.core.tree import MemoryTree

LIE = b"\xff" * HASH_SIZE


def hashed(number):
    return sha256(b"%d" % number).digest()


def pieces(data, size=50):
    """As a member gives them: cut anywhere."""
    return iter([data[at : at + size] for at in range(0, len(data), size)])


# --- the tree ---------------------------------------------------------------------


@st.composite
def trees(draw):
    """A size, and some of its indices."""
    size = draw(st.integers(1, 70))
    wanted = draw(st.sets(st.integers(0, size - 1), min_size=1))
    return size, sorted(wanted)


def shared_tree(size, indices):
    tree = MemoryTree(map(hashed, range(size)))
    data = b"".join(share_tree(tree, indices, tree_size=size))
    return tree.root(), data


def root_by(size, leaves, data):
    hashes = Hashes("tree.bin", pieces(data))
    root = root_of_leaves(leaves, tree_size=size, hashes=hashes)
    hashes.close()
    return root


@given(trees())
def test_leaves_of_a_tree_give_its_root(case):
    size, indices = case
    root, data = shared_tree(size, indices)

    assert root_by(size, [(n, hashed(n)) for n in indices], data) == root
    if len(indices) == size:
        assert data == b""  # nothing that is computed is given


@given(trees(), st.data())
def test_another_leaf_gives_another_root(case, data):
    size, indices = case
    root, given_hashes = shared_tree(size, indices)
    lied = data.draw(st.sampled_from(indices))
    leaves = [(n, LIE if n == lied else hashed(n)) for n in indices]

    assert root_by(size, leaves, given_hashes) != root


@given(trees(), st.data())
def test_a_leaf_at_another_place_gives_no_root_of_the_log(case, data):
    size, indices = case
    assume(len(indices) < size)
    root, given_hashes = shared_tree(size, indices)
    moved = data.draw(st.sampled_from(indices))
    free = data.draw(st.sampled_from(sorted(set(range(size)) - set(indices))))
    leaves = sorted(((free if n == moved else n), hashed(n)) for n in indices)
    try:
        found = root_by(size, leaves, given_hashes)
    except MalformedInput as error:
        found = error.code

    refusals = {"proof_too_short", "proof_too_long"}
    assert found in refusals if isinstance(found, str) else found != root


@given(trees(), st.sampled_from([-HASH_SIZE, -1, 1, HASH_SIZE]))
def test_a_hash_more_or_less_is_refused(case, more):
    size, indices = case
    _, data = shared_tree(size, indices)
    assume(len(data) + more >= 0)
    changed = data[:more] if more < 0 else data + bytes(more)

    with pytest.raises(MalformedInput) as error:
        root_by(size, [(n, hashed(n)) for n in indices], changed)

    assert error.value.code == ("proof_too_short" if more < 0 else "proof_too_long")
    assert error.value.field == "tree.bin"


@pytest.mark.parametrize("indices", [[], [-1], [8], [0, 8]])
def test_a_leaf_outside_the_tree_is_refused(indices):
    with pytest.raises(ProofError) as error:
        root_by(8, [(n, hashed(n)) for n in indices], b"")

    assert error.value.code == "index_outside_tree"


# --- the map ----------------------------------------------------------------------

# Tags that share long prefixes, as a liar would choose them, and ones that do not.
tags = st.builds(
    lambda stem, tail: stem + tail,
    st.sampled_from([b"", bytes(31), b"\xab" * 30, b"\xab" * 15]),
    st.binary(min_size=32, max_size=32),
).map(lambda tag: tag[:32])


def value_of(tag):
    return MapValue(1 + tag[-1], sha256(tag).digest(), 300)


@st.composite
def maps(draw):
    """The tags of a map, and others that are asked for besides some of them."""
    there = draw(st.sets(tags, max_size=12))
    asked = draw(st.sets(st.sampled_from(sorted(there)))) if there else set()
    absent = draw(st.sets(tags, max_size=4)) - there
    return there, sorted(asked | absent)


def shared_map(there, asked):
    made = MapTree({tag: value_of(tag) for tag in there})
    proofs = [(tag, made.prove(tag), tag in there) for tag in asked]
    return made.root(), b"".join(share_map(proofs))


def map_root_by(values, data):
    hashes = Hashes("map.bin", pieces(data))
    root = SharedMap(values, hashes).root()
    hashes.close()
    return root


@given(maps())
def test_tags_of_a_map_give_its_root(case):
    there, asked = case
    assume(asked)
    root, data = shared_map(there, asked)
    values = [(tag, value_of(tag) if tag in there else None) for tag in asked]

    assert map_root_by(values, data) == root


@given(maps(), st.data())
def test_no_lie_about_a_tag_gives_the_root(case, data):
    there, asked = case
    assume(asked)
    root, given_bytes = shared_map(there, asked)
    lied = data.draw(st.sampled_from(asked))
    other = MapValue(999, LIE, 998)
    lie = data.draw(st.sampled_from([None, other])) if lied in there else other
    told = [
        (tag, lie if tag == lied else value_of(tag) if tag in there else None)
        for tag in asked
    ]
    try:
        found = map_root_by(told, given_bytes)
    except (MalformedInput, ProofError) as error:
        found = error.code

    refusals = {"tag_absent", "tag_present", "other_path"}
    assert found in refusals if isinstance(found, str) else found != root


@given(maps(), st.integers(0), st.integers(1, 255))
def test_no_flipped_byte_gives_the_root(case, where, flip):
    there, asked = case
    assume(asked)
    root, data = shared_map(there, asked)
    at = where % len(data)
    changed = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
    values = [(tag, value_of(tag) if tag in there else None) for tag in asked]

    try:
        found = map_root_by(values, changed)
    except (MalformedInput, ProofError) as error:
        found = error.code

    refusals = {
        *("bad_mark", "proof_too_short", "proof_too_long", "path_too_deep"),
        *("tag_absent", "tag_present", "other_path"),
    }
    assert found in refusals if isinstance(found, str) else found != root


def test_an_empty_map_has_no_tag():
    assert b"".join(share_map([])) == EMPTY_MAP
    assert map_root_by([(bytes(32), None)], bytes([1])) == EMPTY_MAP


@pytest.mark.parametrize(
    ("data", "is_there", "code"),
    [
        (b"", False, "proof_too_short"),
        (bytes([4]), False, "bad_mark"),
        (bytes([1, 0]), False, "proof_too_long"),
        (bytes([1]), True, "tag_absent"),
        (bytes([2]), False, "tag_present"),
        (bytes([3]) + bytes(64), False, "tag_present"),  # the other leaf is its own
        (bytes([3]) + LIE + bytes(32), True, "tag_absent"),
        (bytes([0]) + bytes([3]) + LIE * 2 + LIE, False, "other_path"),
        (bytes([0, 1]) + EMPTY_MAP, False, "path_too_deep"),
        (bytes(300), False, "path_too_deep"),
    ],
)
def test_a_walk_that_cannot_be_is_refused(data, is_there, code):
    tag = bytes(32)

    with pytest.raises((MalformedInput, ProofError)) as error:
        map_root_by([(tag, value_of(tag) if is_there else None)], data)

    assert error.value.code == code

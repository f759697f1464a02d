"""Inclusion and consistency: every published case, and all small trees."""

import base64
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput, ProofError
from apps.core.merkle import (
    EMPTY_ROOT,
    RootBuilder,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from apps.core.tree import (
    MemoryTree,
    consistency_path,
    frontier_of,
    inclusion_path,
    root_of,
    stream_inclusion_path,
)
from tests.vectors import vectors_path

VECTORS = "crypto/transparency-dev-merkle"
LEAVES = [leaf_hash(number.to_bytes(2, "big")) for number in range(300)]
TREE = MemoryTree(LEAVES)
ROOTS = [root_of(TREE, tree_size=size) for size in range(301)]


def cases(kind):
    files = sorted(vectors_path(f"{VECTORS}/{kind}").rglob("*.json"))
    return [
        pytest.param(
            json.loads(file.read_text()),
            id="/".join((file.parent.name, file.stem)).replace("@", "at"),
        )
        for file in files
    ]


def b64(values):
    return [base64.b64decode(value) for value in values or []]


def naive_root(leaves):
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(naive_root(leaves[:half]), naive_root(leaves[half:]))


def test_the_published_cases_are_all_there():
    assert len(cases("inclusion")) + len(cases("consistency")) == 133


@pytest.mark.parametrize("case", cases("inclusion"))
def test_published_inclusion(case):
    evidence = {
        "leaf_hash": base64.b64decode(case["leafHash"]),
        "index": case["leafIdx"],
        "tree_size": case["treeSize"],
        "path": b64(case["proof"]),
        "root_hash": base64.b64decode(case["root"]),
    }

    if not case["wantErr"]:
        verify_inclusion(**evidence)
        return
    with pytest.raises(ProofError):
        verify_inclusion(**evidence)


@pytest.mark.parametrize("case", cases("consistency"))
def test_published_consistency(case):
    evidence = {
        "old_size": case["size1"],
        "new_size": case["size2"],
        "old_root": base64.b64decode(case["root1"]),
        "new_root": base64.b64decode(case["root2"]),
        "path": b64(case["proof"]),
    }

    if not case["wantErr"]:
        verify_consistency(**evidence)
        return
    with pytest.raises(ProofError):
        verify_consistency(**evidence)


def test_the_empty_tree_hashes_to_the_hash_of_nothing():
    assert EMPTY_ROOT.hex() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    assert RootBuilder().root() == MemoryTree().root() == EMPTY_ROOT


def test_leaves_and_nodes_are_told_apart():
    assert leaf_hash(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def test_four_ways_to_a_root_agree_for_every_size():
    builder = RootBuilder()
    grown = MemoryTree()
    for size in range(301):
        resumed = RootBuilder.from_frontier(
            size=size, frontier=frontier_of(TREE, tree_size=size)
        )
        assert resumed.frontier == builder.frontier
        assert ROOTS[size] == builder.root() == resumed.root() == grown.root()
        assert ROOTS[size] == naive_root(LEAVES[:size])
        if size < 300:
            builder.append(LEAVES[size])
            grown.append(LEAVES[size])
    assert builder.size == grown.size == 300


def test_every_leaf_of_every_tree_up_to_300_is_proven():
    for size in range(1, 301):
        for index in range(size):
            verify_inclusion(
                leaf_hash=LEAVES[index],
                index=index,
                tree_size=size,
                path=inclusion_path(TREE, index=index, tree_size=size),
                root_hash=ROOTS[size],
            )


def test_every_growth_up_to_300_is_proven():
    for new_size in range(1, 301):
        for old_size in range(1, new_size + 1):
            verify_consistency(
                old_size=old_size,
                new_size=new_size,
                old_root=ROOTS[old_size],
                new_root=ROOTS[new_size],
                path=consistency_path(TREE, old_size=old_size, new_size=new_size),
            )


def test_the_empty_tree_is_consistent_with_itself_only():
    same = {"old_size": 0, "new_size": 0, "path": []}

    verify_consistency(**same, old_root=EMPTY_ROOT, new_root=EMPTY_ROOT)
    with pytest.raises(ProofError):
        verify_consistency(**same, old_root=LEAVES[0], new_root=LEAVES[0])
    assert consistency_path(TREE, old_size=0, new_size=7) == []
    with pytest.raises(ProofError) as refusal:
        verify_consistency(
            old_size=0,
            new_size=7,
            old_root=EMPTY_ROOT,
            new_root=ROOTS[7],
            path=[LEAVES[0]],
        )
    assert refusal.value.code == "bad_tree_sizes"


@given(st.data())
def test_a_flipped_bit_in_an_inclusion_proof_never_verifies(data):
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    parts = [
        LEAVES[index],
        ROOTS[size],
        *inclusion_path(TREE, index=index, tree_size=size),
    ]
    place = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = int.from_bytes(parts[place], "big") ^ (1 << bit)
    parts[place] = flipped.to_bytes(32, "big")

    with pytest.raises(ProofError) as refusal:
        verify_inclusion(
            leaf_hash=parts[0],
            index=index,
            tree_size=size,
            path=parts[2:],
            root_hash=parts[1],
        )
    assert refusal.value.code == "root_mismatch"


@given(st.data())
def test_an_inclusion_proof_holds_for_its_own_place_only(data):
    size = data.draw(st.integers(2, 300))
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(-2, size + 2).filter(lambda at: at != index))

    with pytest.raises(ProofError):
        verify_inclusion(
            leaf_hash=LEAVES[index],
            index=other,
            tree_size=size,
            path=inclusion_path(TREE, index=index, tree_size=size),
            root_hash=ROOTS[size],
        )


@given(st.data())
def test_a_flipped_bit_in_a_consistency_proof_never_verifies(data):
    new_size = data.draw(st.integers(2, 300))
    old_size = data.draw(st.integers(1, new_size - 1))
    parts = [
        ROOTS[old_size],
        ROOTS[new_size],
        *consistency_path(TREE, old_size=old_size, new_size=new_size),
    ]
    place = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = int.from_bytes(parts[place], "big") ^ (1 << bit)
    parts[place] = flipped.to_bytes(32, "big")

    with pytest.raises(ProofError):
        verify_consistency(
            old_size=old_size,
            new_size=new_size,
            old_root=parts[0],
            new_root=parts[1],
            path=parts[2:],
        )


@given(st.data())
def test_a_proof_with_a_hash_more_or_less_never_verifies(data):
    new_size = data.draw(st.integers(2, 300))
    old_size = data.draw(st.integers(1, new_size - 1))
    path = consistency_path(TREE, old_size=old_size, new_size=new_size)
    at = data.draw(st.integers(0, len(path)))
    longer = [*path[:at], LEAVES[0], *path[at:]]

    for wrong in (longer, path[:-1], [*path, path[0][:31]], [path[0] + b"\0"]):
        with pytest.raises(ProofError):
            verify_consistency(
                old_size=old_size,
                new_size=new_size,
                old_root=ROOTS[old_size],
                new_root=ROOTS[new_size],
                path=wrong,
            )
        with pytest.raises(ProofError):
            verify_inclusion(
                leaf_hash=LEAVES[0],
                index=0,
                tree_size=new_size,
                path=[LEAVES[1]] * 10,
                root_hash=ROOTS[new_size],
            )


@given(st.integers(1, 300), st.data())
def test_one_pass_over_a_stream_gives_the_same_path(size, data):
    index = data.draw(st.integers(0, size - 1))

    path = stream_inclusion_path(iter(LEAVES), index=index, tree_size=size)

    assert path == inclusion_path(TREE, index=index, tree_size=size)


def test_a_stream_that_ends_early_is_our_bug():
    with pytest.raises(RuntimeError, match="ended before leaf"):
        stream_inclusion_path(LEAVES[:6], index=2, tree_size=7)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (7, 7), (-1, 3)])
def test_no_path_is_built_for_a_leaf_outside(index, size):
    with pytest.raises(RuntimeError):
        inclusion_path(TREE, index=index, tree_size=size)


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2)])
def test_no_path_is_built_for_a_tree_that_shrinks(old, new):
    with pytest.raises(RuntimeError):
        consistency_path(TREE, old_size=old, new_size=new)


@pytest.mark.parametrize(
    ("size", "frontier"),
    [(3, [LEAVES[0]]), (0, [LEAVES[0]]), (-1, []), (1, [b"short"])],
)
def test_a_stored_edge_of_another_size_is_refused(size, frontier):
    with pytest.raises(MalformedInput):
        RootBuilder.from_frontier(size=size, frontier=frontier)

"""Values under keys of a Merkle Patricia trie, shown by nodes that a client made."""

import pytest
import rlp
from trie import HexaryTrie

from apps.core.errors import MalformedInput, ProofError
from apps.core.evm.keccak import keccak256
from apps.core.evm.trie import read_trie

WORDS = {b"do": b"verb", b"dog": b"puppy", b"doge": b"coin", b"horse": b"stallion"}
# ethereum/tests, TrieTests/trieanyorder.json, "puppy"
ROOT = bytes.fromhex("5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84")


@pytest.fixture
def trie():
    made = HexaryTrie({})
    for key, value in WORDS.items():
        made[key] = value
    assert made.root_hash == ROOT
    return made


def hashed_nodes(trie, key):
    """Nodes that are shorter than their hash stand inside the one before."""
    encoded = [rlp.encode(node) for node in trie.get_proof(key)]
    return [data for number, data in enumerate(encoded) if not number or len(data) > 31]


@pytest.mark.parametrize("key", WORDS)
def test_every_word_is_found(trie, key):
    value = read_trie(root=ROOT, key=key, nodes=hashed_nodes(trie, key))

    assert value == WORDS[key]


@pytest.mark.parametrize("count", [1, 2, 16, 17, 129, 300])
def test_every_receipt_of_a_block_is_found(count):
    made = HexaryTrie({})
    for number in range(count):
        made[rlp.encode(number)] = bytes([number % 251]) * (40 + number % 7)

    for number in range(0, count, 1 + count // 20):
        key = rlp.encode(number)
        value = read_trie(root=made.root_hash, key=key, nodes=hashed_nodes(made, key))
        assert value == made[key]


def refuse(got, **changed):
    with pytest.raises((ProofError, MalformedInput)) as caught:
        read_trie(**changed)
    assert caught.value.code in {"bad_trie_proof", "bad_rlp"}
    assert got in str(caught.value)


@pytest.mark.parametrize(
    "key", [b"", b"cat", b"d", b"dogs", b"dogee", b"hors", b"horses"]
)
@pytest.mark.parametrize("nearest", WORDS)
def test_a_key_that_is_not_there(trie, key, nearest):
    nodes = hashed_nodes(trie, nearest)

    refuse("", root=ROOT, key=key, nodes=nodes)


def test_nodes_that_are_too_few_too_many_or_in_another_order():
    made = HexaryTrie({})
    for number in range(200):
        made[rlp.encode(number)] = b"receipt" * 9 + bytes([number])
    key = rlp.encode(130)
    nodes = hashed_nodes(made, key)
    root = made.root_hash
    assert len(nodes) > 2

    refuse("end before", root=root, key=key, nodes=nodes[:-1])
    refuse("end before", root=root, key=key, nodes=[])
    refuse("not on the way", root=root, key=key, nodes=[*nodes, nodes[0]])
    refuse("another hash", root=root, key=key, nodes=nodes[1:])
    refuse("another hash", root=root, key=key, nodes=nodes[::-1])
    refuse("another hash", root=bytes(32), key=key, nodes=nodes)
    refuse("end before", root=root[:31], key=key, nodes=nodes)


@pytest.mark.parametrize(
    ("node", "got"),
    [
        (b"\x80" * 40, "more after"),
        (rlp.encode(b"x" * 40), "no node"),
        (rlp.encode([b"x" * 40]), "no node"),
        (rlp.encode([b"x" * 40, b"y", b"z"]), "no node"),
        (rlp.encode([[], b"y" * 40]), "no path"),
        (rlp.encode([b"", b"y" * 40]), "no path"),
        (rlp.encode([b"\x40", b"y" * 40]), "no path"),
        (rlp.encode([b"\x21", b"y" * 40]), "no path"),
        (rlp.encode([b"\x20do", []]), "no value"),
        (rlp.encode([b"\x20do", b""]), "no value"),
        (rlp.encode([b"\x20\x64", b"y" * 40]), "another key"),
        (rlp.encode([b"\x00do", b"y" * 31]), "end before"),
        (rlp.encode([b"\x00do", [b"x"] * 3]), "no node"),
    ],
)
def test_nodes_that_are_none(node, got):
    refuse(got, root=keccak256(node), key=b"do", nodes=[node])


def test_nodes_inside_nodes_end():
    inner = [b"\x00", b"\x80"]
    for _ in range(20):
        inner = [b"\x00", inner]
    node = rlp.encode(inner)

    refuse("too deep", root=keccak256(node), key=b"do", nodes=[node])

"""What a Merkle Patricia trie holds under a key, shown by the nodes on the way to it.

Source: Yellow Paper, appendix D.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..errors import ProofError
from .keccak import keccak256
from .rlp import Item, decode_rlp

_BRANCH: Final = 17
_HASH_SIZE: Final = 32


def read_trie(*, root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes:
    """The value under `key` in the trie with this 32-byte `root`.

    Args:
        nodes: from the root on, each hashed into the one before it; no more, no fewer.

    Raises:
        ProofError: `bad_trie_proof`: the nodes do not lead from the root to a value.
        MalformedInput: `bad_rlp`: a node cannot be read.
    """
    left = list(nodes)
    path = [half for byte in key for half in (byte >> 4, byte & 15)]
    reference: Item = root
    while True:
        node = _node(reference, left)
        found, reference, path = _step(node, path)
        if found is not None:
            break
    if left:
        raise _bad("nodes that are not on the way")
    return found


def _node(reference: Item, left: list[bytes]) -> list[Item]:
    """The node that `reference` names, or is, where it is shorter than its hash."""
    node: Item = reference
    if isinstance(reference, bytes):
        if len(reference) != _HASH_SIZE or not left:
            raise _bad("an end before the value")
        data = left.pop(0)
        if keccak256(data) != reference:
            raise _bad("a node with another hash")
        node = decode_rlp(data)
    if not isinstance(node, list) or len(node) not in {2, _BRANCH}:
        raise _bad("no node")
    return node


def _step(node: list[Item], path: list[int]) -> tuple[bytes | None, Item, list[int]]:
    """The value at the end of `path`, or the next node and what is left of the path."""
    if len(node) == _BRANCH:
        if path:
            return None, node[path[0]], path[1:]
        return _value(node[-1]), b"", []
    taken, is_leaf = _partial(node[0])
    if path[: len(taken)] != taken:
        raise _bad("another key")
    rest = path[len(taken) :]
    if not is_leaf:
        return None, node[1], rest
    if rest:
        raise _bad("another key")
    return _value(node[1]), b"", []


def _partial(item: Item) -> tuple[list[int], bool]:
    """Half bytes in the hex-prefix encoding; whether they end at a value."""
    if isinstance(item, list) or not item or item[0] >> 4 > 3:
        raise _bad("no path")
    flag, halves = item[0] >> 4, [half for b in item for half in (b >> 4, b & 15)]
    if not flag & 1 and halves[1]:
        raise _bad("no path")
    return halves[1 if flag & 1 else 2 :], bool(flag & 2)


def _value(item: Item) -> bytes:
    if isinstance(item, list) or not item:
        raise _bad("no value")
    return item


def _bad(got: str) -> ProofError:
    return ProofError(
        "bad_trie_proof", field="proof", got=got, wanted="nodes from root to value"
    )

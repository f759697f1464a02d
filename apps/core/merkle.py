"""The Merkle tree of RFC 6962 and RFC 9162: hashing, roots of streams, verifying.

This is the verifier half: it holds no tree and builds no proof (see `tree`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Self

from .errors import MalformedInput, ProofError

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry: SHA-256(0x00 ‖ data), RFC 6962 section 2.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


class RootBuilder:
    """The root of a growing list of leaf hashes, in memory of log2(size) hashes.

    It keeps the *frontier*: the roots of the perfect subtrees that the leaves so
    far split into, largest first, one for each bit set in `size`.
    """

    __slots__ = ("_frontier", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._frontier: list[bytes] = []

    @classmethod
    def from_frontier(cls, *, size: int, frontier: Sequence[bytes]) -> Self:
        """Go on from a stored right edge.

        Raises:
            MalformedInput: not one 32-byte hash for each bit set in `size`.
        """
        if size < 0 or len(frontier) != size.bit_count():
            raise MalformedInput(
                "bad_frontier",
                field="frontier",
                got=f"{len(frontier)} hashes for size {size}",
                wanted="one hash for each bit set in the size",
            )
        if any(len(part) != HASH_SIZE for part in frontier):
            raise MalformedInput("bad_length", field="frontier", wanted="32 bytes each")
        builder = cls()
        builder._size = size
        builder._frontier = list(frontier)
        return builder

    @property
    def size(self) -> int:
        """How many leaves were appended."""
        return self._size

    @property
    def frontier(self) -> tuple[bytes, ...]:
        """The right edge, to be stored and given to `from_frontier` later."""
        return tuple(self._frontier)

    def append(self, leaf: bytes) -> None:
        """Add one 32-byte leaf hash at the right."""
        frontier = self._frontier
        size = self._size
        while size & 1:
            leaf = sha256(b"\x01" + frontier.pop() + leaf).digest()
            size >>= 1
        frontier.append(leaf)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes at the right, in order: as `append`, written out for speed."""
        frontier, size = self._frontier, self._size
        try:
            for hashed in leaves:
                leaf, bits = hashed, size
                while bits & 1:
                    leaf = sha256(b"\x01" + frontier.pop() + leaf).digest()
                    bits >>= 1
                frontier.append(leaf)
                size += 1
        finally:
            self._size = size

    def root(self) -> bytes:
        """The tree hash over all leaves so far; `EMPTY_ROOT` for none."""
        if not self._frontier:
            return EMPTY_ROOT
        root = self._frontier[-1]
        for left in reversed(self._frontier[:-1]):
            root = node_hash(left, root)
        return root


def _require_hashes(path: Sequence[bytes]) -> None:
    for position, part in enumerate(path):
        if len(part) != HASH_SIZE:
            raise ProofError(
                "bad_proof_hash",
                field=f"path[{position}]",
                got=f"{len(part)} bytes",
                wanted="32 bytes",
            )


def root_from_path(
    *, leaf_hash: bytes, index: int, tree_size: int, path: Sequence[bytes]
) -> bytes:
    """The root that an inclusion path leads to, RFC 9162 section 2.1.3.2.

    Raises:
        ProofError: `index` is not in the tree, or the path is longer or shorter
            than the place of the leaf demands.
    """
    if not 0 <= index < tree_size:
        raise ProofError(
            "index_outside_tree", field="index", got=index, wanted=f"below {tree_size}"
        )
    if len(leaf_hash) != HASH_SIZE:
        raise ProofError("bad_leaf_hash", got=f"{len(leaf_hash)} bytes")
    _require_hashes(path)
    place, last, root = index, tree_size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            raise ProofError("proof_too_long", field="path", got=len(path))
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while not place & 1 and place:
                # The last node of an odd level has no sibling: it rises unhashed.
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError("proof_too_short", field="path", got=len(path))
    return root


def verify_inclusion(
    *,
    leaf_hash: bytes,
    index: int,
    tree_size: int,
    path: Sequence[bytes],
    root_hash: bytes,
) -> None:
    """Check that the leaf stands at `index` of the tree with this root.

    Raises:
        ProofError: it does not, or the proof has a wrong form.
    Source: RFC 9162 section 2.1.3.2.
    """
    root = root_from_path(
        leaf_hash=leaf_hash, index=index, tree_size=tree_size, path=path
    )
    if root != root_hash:
        raise ProofError("root_mismatch", got=root.hex(), wanted=root_hash.hex())


def verify_consistency(
    *,
    old_size: int,
    new_size: int,
    old_root: bytes,
    new_root: bytes,
    path: Sequence[bytes],
) -> None:
    """Check that the new tree only appends to the old one.

    A proof from the empty tree to a larger one says nothing and is refused; a
    caller who meets old size 0 has nothing to verify (C2SP tlog-witness).

    Raises:
        ProofError: the trees disagree, or the proof has a wrong form.
    Source: RFC 9162 section 2.1.4.2.
    """
    if old_size == new_size:
        _verify_same_tree(new_size, old_root, new_root, path)
        return
    if not 0 < old_size < new_size:
        raise ProofError(
            "bad_tree_sizes", got=f"{old_size} to {new_size}", wanted="0 < old < new"
        )
    _require_hashes(path)
    if not path:
        raise ProofError("proof_too_short", field="path", got=0)
    parts = list(path)
    if old_size & (old_size - 1) == 0:
        # A perfect old tree is itself a node of the new one, so it is not sent.
        parts.insert(0, old_root)
    old, new = _fold_consistency(old_size, new_size, parts)
    if old != old_root:
        raise ProofError(
            "root_mismatch", field="old_root", got=old.hex(), wanted=old_root.hex()
        )
    if new != new_root:
        raise ProofError(
            "root_mismatch", field="new_root", got=new.hex(), wanted=new_root.hex()
        )


def _verify_same_tree(
    size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    if path:
        raise ProofError("proof_too_long", field="path", got=len(path), wanted="empty")
    wanted = old_root if size else EMPTY_ROOT
    if not old_root == new_root == wanted:
        raise ProofError("root_mismatch", got=new_root.hex(), wanted=wanted.hex())


def _fold_consistency(
    old_size: int, new_size: int, parts: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Steps 3 to 6 of RFC 9162 section 2.1.4.2: both roots from one path."""
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = parts[0]
    for part in parts[1:]:
        if last == 0:
            raise ProofError("proof_too_long", field="path", got=len(parts))
        if place & 1 or place == last:
            old, new = node_hash(part, old), node_hash(part, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, part)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError("proof_too_short", field="path", got=len(parts))
    return old, new

"""The map from tags to heads, whose root every checkpoint carries: verifier half.

A compact sparse Merkle map: the path of a key is its bits, most significant first;
a subtree without keys hashes to zeros, a subtree with one key *is* that leaf. So the
root depends on the entries alone and not on their history, and for every key there
is one short proof that it is there with its value, or that it is not there.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from .errors import MalformedInput, ProofError
from .merkle import HASH_SIZE

# What genesis names: how roots are made; a change would be another number.
MAP_VERSION = 1
EMPTY_MAP = bytes(HASH_SIZE)
KEY_BITS = 8 * HASH_SIZE
_VALUE = struct.Struct(">Q32sQ")
_MAX_UINT64 = 2**64 - 1


def map_leaf_hash(key: bytes, value_hash: bytes) -> bytes:
    """The hash of a subtree that holds this key only: SHA-256(0x02 ‖ key ‖ hash)."""
    return sha256(b"\x02" + key + value_hash).digest()


def map_node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a subtree that holds two keys or more: SHA-256(0x03 ‖ l ‖ r)."""
    return sha256(b"\x03" + left + right).digest()


def map_value_hash(count: int, head_leaf_hash: bytes, last_index: int) -> bytes:
    """The SHA-256 under which a `MapValue` of these enters its leaf."""
    return sha256(_VALUE.pack(count, head_leaf_hash, last_index)).digest()


def key_bit(key: bytes, depth: int) -> int:
    """The bit that decides at this depth: 0 for the left subtree."""
    return key[depth >> 3] >> (7 - (depth & 7)) & 1


@dataclass(frozen=True, slots=True)
class MapValue:
    """What the map says about a tag: how many leaves, the last one and its index."""

    count: int
    head_leaf_hash: bytes
    last_index: int

    def __post_init__(self) -> None:
        fits = 0 < self.count <= _MAX_UINT64 and 0 <= self.last_index <= _MAX_UINT64
        if not fits or len(self.head_leaf_hash) != HASH_SIZE:
            raise MalformedInput("bad_map_value", field="map.value", got=self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """A value from its 48 bytes.

        Raises:
            MalformedInput: another length, or a count of 0.
        """
        if len(data) != _VALUE.size:
            raise MalformedInput(
                "bad_length", field="map.value", got=len(data), wanted="48 bytes"
            )
        return cls(*_VALUE.unpack(data))

    def encode(self) -> bytes:
        """u64 count ‖ 32 head leaf hash ‖ u64 last index, big-endian."""
        return _VALUE.pack(self.count, self.head_leaf_hash, self.last_index)

    @property
    def value_hash(self) -> bytes:
        """The SHA-256 under which the value enters its leaf."""
        return map_value_hash(self.count, self.head_leaf_hash, self.last_index)


@dataclass(frozen=True, slots=True)
class OtherLeaf:
    """The only key in the place where an absent key would be."""

    key: bytes
    value_hash: bytes


@dataclass(frozen=True, slots=True)
class MapProof:
    """The siblings from the leaf's up to the root's child, and what ends the path.

    `other` is set in a proof of absence that ends at another key; a proof of absence
    that ends in an empty subtree has None, as has a proof of inclusion.

    Its one form is bytes, for codes that must be short; JSON holds them as base64.
    """

    siblings: tuple[bytes, ...]
    other: OtherLeaf | None = None

    def encode(self) -> bytes:
        """u16 number of siblings ‖ siblings ‖ nothing, or other key ‖ value hash."""
        other = self.other.key + self.other.value_hash if self.other else b""
        return len(self.siblings).to_bytes(2, "big") + b"".join(self.siblings) + other

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """A proof from its bytes.

        Raises:
            MalformedInput: the length does not match, or more than 256 siblings.
        """
        number = int.from_bytes(data[:2], "big")
        parts = [data[at : at + HASH_SIZE] for at in range(2, len(data), HASH_SIZE)]
        has_form = len(data) % HASH_SIZE == 2 and len(parts) - number in (0, 2)
        if not has_form or number > KEY_BITS:
            raise MalformedInput("bad_map_proof", field="map", got=f"{len(data)} bytes")
        siblings, other = parts[:number], parts[number:]
        return cls(tuple(siblings), OtherLeaf(*other) if other else None)


def verify_map_inclusion(
    *, key: bytes, value: MapValue, proof: MapProof, root: bytes
) -> None:
    """Check that the map with this root has `value` at `key`.

    Raises:
        ProofError: it has not, or the proof has a wrong form.
    Source: DESIGN section 3, "Map root, in band".
    """
    if proof.other is not None:
        raise ProofError("proof_of_absence", field="map", wanted="proof of inclusion")
    _verify_path(key, map_leaf_hash(key, value.value_hash), proof.siblings, root)


def verify_map_absence(*, key: bytes, proof: MapProof, root: bytes) -> None:
    """Check that the map with this root has nothing at `key`.

    The path of `key` ends in an empty subtree, or in one that holds only another
    key; that one shares the path so far and differs from `key` below it.

    Raises:
        ProofError: the map may hold the key, or the proof has a wrong form.
    """
    end = EMPTY_MAP
    other = proof.other
    if other is not None:
        if len(other.key) != HASH_SIZE or len(other.value_hash) != HASH_SIZE:
            raise ProofError("bad_proof_hash", field="map.other", wanted="32 bytes")
        if other.key == key:
            raise ProofError("key_is_present", field="map.other.key", got=key.hex())
        if _shared_bits(key, other.key) < len(proof.siblings):
            raise ProofError("other_path", field="map.other.key", got=other.key.hex())
        end = map_leaf_hash(other.key, other.value_hash)
    _verify_path(key, end, proof.siblings, root)


def _shared_bits(key: bytes, other: bytes) -> int:
    difference = int.from_bytes(key, "big") ^ int.from_bytes(other, "big")
    return KEY_BITS - difference.bit_length()


def _verify_path(
    key: bytes, end: bytes, siblings: Sequence[bytes], root: bytes
) -> None:
    depth = len(siblings)
    if len(key) != HASH_SIZE or depth > KEY_BITS:
        raise ProofError("bad_map_proof", field="map", got=f"{depth} siblings")
    if any(len(sibling) != HASH_SIZE for sibling in siblings):
        raise ProofError("bad_proof_hash", field="map.siblings", wanted="32 bytes")
    if siblings and siblings[0] == EMPTY_MAP:
        # A subtree of at most one key is never split: the path should end above.
        raise ProofError("path_too_deep", field="map.siblings")
    for sibling in siblings:
        depth -= 1
        pair = (sibling, end) if key_bit(key, depth) else (end, sibling)
        end = map_node_hash(*pair)
    if end != root:
        raise ProofError("root_mismatch", field="map", got=end.hex(), wanted=root.hex())

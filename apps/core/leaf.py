"""The public record of one step: 114 bytes that order without telling.

A leaf shows its type, its time, the tag it is about, its place in that tag's chain
and a salted commitment. Who, what and how many are inside the commitment only.
"""

from __future__ import annotations

import hmac
import re
import struct
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Self

from .errors import MalformedInput
from .merkle import HASH_SIZE, leaf_hash

VERSION = 1
LEAF_SIZE = 114
ZEROS = bytes(HASH_SIZE)
_LEAF = struct.Struct(">BBQ32sQ32s32s")
_MAX_UINT64 = 2**64 - 1

_TAG_DOMAIN = b"pharmatrace/tag/v1\0"
MAP_ROOT_TAG = ZEROS
ANCHOR_TAG = sha256(_TAG_DOMAIN + b"anchor").digest()
CONFIG_TAG = sha256(_TAG_DOMAIN + b"config").digest()


class LeafType(IntEnum):
    """What a leaf is about; 8 is reserved and refused in version 1."""

    GOODS = 1
    PARTY = 2  # parties, keys and products
    MAP_ROOT = 3
    ANCHOR = 4
    ERASURE = 5
    RECALL = 6
    CONFIG = 7  # genesis and configuration


# An erasure is one more leaf of the erased leaf's tag. On the chain of a key it would
# count as a revocation, so what is said of parties, keys and products stays.
ERASABLE = frozenset({LeafType.GOODS, LeafType.RECALL})
_FIXED_TAGS = {
    LeafType.MAP_ROOT: MAP_ROOT_TAG,
    LeafType.ANCHOR: ANCHOR_TAG,
    LeafType.CONFIG: CONFIG_TAG,
}
_OWNERS = {tag: kind for kind, tag in _FIXED_TAGS.items()}
# Types whose leaves bear the tag of what they are about.
_PLAIN = frozenset(int(kind) for kind in LeafType if kind not in _FIXED_TAGS)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Leaf version 1; hashes are 32 bytes, `time_ms` is POSIX milliseconds."""

    kind: LeafType
    time_ms: int
    subject_tag: bytes
    chain_seq: int
    prev_leaf_hash: bytes
    commitment: bytes

    def __post_init__(self) -> None:
        for number in (self.time_ms, self.chain_seq):
            if not 0 <= number <= _MAX_UINT64:
                raise MalformedInput("bad_leaf", field="leaf", got=number, wanted="u64")
        for digest in (self.subject_tag, self.prev_leaf_hash, self.commitment):
            if len(digest) != HASH_SIZE:
                raise MalformedInput(
                    "bad_length", field="leaf", got=len(digest), wanted="32 bytes"
                )
        if (self.chain_seq == 0) != (self.prev_leaf_hash == ZEROS):
            raise MalformedInput(
                "bad_leaf",
                field="leaf.prev_leaf_hash",
                got=f"chain_seq {self.chain_seq}",
                wanted="zeros for the first leaf of a tag and only for it",
            )
        self._check_tag()

    def _check_tag(self) -> None:
        """A type with a tag of its own bears it, and no other type does."""
        owner = _OWNERS.get(self.subject_tag)
        if owner is self.kind or (owner is None and self.kind not in _FIXED_TAGS):
            return
        wanted = self.kind if self.kind in _FIXED_TAGS else None
        raise MalformedInput(
            "bad_leaf",
            field="leaf.subject_tag",
            got=self.subject_tag.hex(),
            wanted=f"the tag of type {wanted.name}" if wanted else "a tag of no type",
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """A leaf from its 114 bytes.

        Raises:
            MalformedInput: another length, version or type; a first leaf with a
                predecessor or a later one without; a tag that is not its type's.
        """
        if len(data) != LEAF_SIZE:
            raise MalformedInput(
                "bad_length", field="leaf", got=len(data), wanted="114 bytes"
            )
        version, kind, *rest = _LEAF.unpack(data)
        if version != VERSION:
            raise MalformedInput(
                "bad_leaf", field="leaf.version", got=version, wanted="1"
            )
        return cls(leaf_type(kind), *rest)

    def encode(self) -> bytes:
        """The 114 bytes that are the log's entry."""
        return _LEAF.pack(
            VERSION,
            self.kind,
            self.time_ms,
            self.subject_tag,
            self.chain_seq,
            self.prev_leaf_hash,
            self.commitment,
        )

    @property
    def leaf_hash(self) -> bytes:
        """The RFC 6962 leaf hash, which the next leaf of the tag names."""
        return leaf_hash(self.encode())


def encode_leaf(
    kind: int,
    time_ms: int,
    subject_tag: bytes,
    chain_seq: int,
    prev_leaf_hash: bytes,
    commitment: bytes,
) -> bytes:
    """The 114 bytes of `Leaf(...).encode()`, in a third of the time: for backlogs.

    Raises:
        MalformedInput: as `Leaf`; also a type that is none.
    """
    if (
        kind in _PLAIN
        and subject_tag not in _OWNERS
        and (chain_seq == 0) == (prev_leaf_hash == ZEROS)
        and len(subject_tag) == len(prev_leaf_hash) == len(commitment) == HASH_SIZE
        and 0 <= chain_seq <= _MAX_UINT64
        and 0 <= time_ms <= _MAX_UINT64
    ):
        return _LEAF.pack(
            VERSION, kind, time_ms, subject_tag, chain_seq, prev_leaf_hash, commitment
        )
    return Leaf(
        leaf_type(kind), time_ms, subject_tag, chain_seq, prev_leaf_hash, commitment
    ).encode()


def leaf_type(number: int) -> LeafType:
    """The type with this number.

    Raises:
        MalformedInput: there is none.
    """
    try:
        return LeafType(number)
    except ValueError as error:
        raise MalformedInput(
            "bad_leaf", field="leaf.type", got=number, wanted="1 to 7"
        ) from error


def commitment(
    *,
    salt: bytes,
    accepted_ms: int,
    envelope_digest: bytes,
    disclosure_root: bytes = ZEROS,
) -> bytes:
    """What a leaf says about a signed envelope: nothing, without the salt.

    Args:
        salt: 32 random bytes, fresh for each leaf.
        accepted_ms: when the door accepted it, POSIX milliseconds.
        envelope_digest: SHA-256 of the envelope's JCS bytes.
        disclosure_root: reserved; zeros.

    Raises:
        MalformedInput: a wrong length, or a time that is not a u64.
    """
    for part in (salt, envelope_digest, disclosure_root):
        if len(part) != HASH_SIZE:
            raise MalformedInput(
                "bad_length", field="commitment", got=len(part), wanted="32 bytes"
            )
    return sha256(
        b"pharmatrace/commit/v1\0"
        + salt
        + _uint64(accepted_ms, field="accepted_ms")
        + envelope_digest
        + disclosure_root
    ).digest()


def anchor_commitment(*, tree_size: int, root: bytes, token: bytes) -> bytes:
    """What a type-4 leaf says: this `token` vouches for the head (size, root).

    Raises:
        MalformedInput: a root that is not 32 bytes, a size that is not a u64.
    """
    if len(root) != HASH_SIZE:
        raise MalformedInput("bad_length", field="root", got=len(root), wanted="32")
    return sha256(
        b"pharmatrace/anchor/v1\0"
        + _uint64(tree_size, field="tree_size")
        + root
        + sha256(token).digest()
    ).digest()


def _uint64(number: int, *, field: str) -> bytes:
    if not 0 <= number <= _MAX_UINT64:
        raise MalformedInput("bad_number", field=field, got=number, wanted="u64")
    return number.to_bytes(8, "big")


def _tag(tag_key: bytes, *parts: str) -> bytes:
    if len(tag_key) != HASH_SIZE:
        raise MalformedInput("bad_length", field="tag_key", wanted="32 bytes")
    if any("\0" in part or not part.isascii() or not part for part in parts):
        raise MalformedInput("bad_tag_subject", field="tag", got=parts[1:])
    return hmac.digest(tag_key, "\0".join(parts).encode("ascii"), "sha256")


def batch_tag(tag_key: bytes, *, gtin: str, lot: str) -> bytes:
    """The tag of a production batch, GTIN-14 and lot.

    Raises (as all tags here):
        MalformedInput: a key that is not 32 bytes, or a subject of another form.
    """
    return _tag(tag_key, "batch", _digits(gtin, 14, field="gtin"), lot)


def product_tag(tag_key: bytes, *, gtin: str) -> bytes:
    """The tag of a product, GTIN-14."""
    return _tag(tag_key, "product", _digits(gtin, 14, field="gtin"))


def party_tag(tag_key: bytes, *, gln: str) -> bytes:
    """The tag of a party, GLN."""
    return _tag(tag_key, "party", _digits(gln, 13, field="gln"))


def key_tag(tag_key: bytes, *, keyid: str) -> bytes:
    """The tag of a signing key, by its keyid of 64 hex digits."""
    if re.fullmatch("[0-9a-f]{64}", keyid) is None:
        raise MalformedInput("bad_keyid", field="keyid", got=keyid, wanted="64 hex")
    return _tag(tag_key, "key", keyid)


def _digits(text: str, length: int, *, field: str) -> str:
    if re.fullmatch(f"[0-9]{{{length}}}", text, re.ASCII) is None:
        raise MalformedInput(
            "bad_tag_subject", field=field, got=text, wanted=f"{length} digits"
        )
    return text

"""The proof file of one statement: all that an outsider needs to check it offline.

JSON: `{"format": "pharmatrace-proof/v1", "envelope", "accepted_ms", "leaves":
[{"leaf" hex, "salt" base64, "position", "proof" text}], "map_root": {"leaf",
"proof"}, "before"?: {…}, "after"?: {…}, "keys"?: [envelope]}`; each proof is a C2SP
tlog-proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from .canonical import parse_json
from .envelope import Envelope, read_envelope
from .errors import MalformedInput, located
from .fields import Fields
from .leaf import LEAF_SIZE, Leaf
from .proof import TlogProof
from .subjects import MAX_SUBJECTS

PROOF_FORMAT: Final = "pharmatrace-proof/v1"
MAX_PROOF_BYTES: Final = 64 << 20
_SALT_BYTES: Final = 32


Placed: TypeAlias = tuple[Leaf, TlogProof]
"""A leaf and its place in the log."""


@dataclass(frozen=True, slots=True)
class LeafProof:
    """One leaf of a statement, the salt of its commitment, its place in the log."""

    leaf: Leaf
    salt: bytes
    proof: TlogProof


@dataclass(frozen=True, slots=True)
class StatementProof:
    """A proof file that was read.

    Args:
        accepted_ms: the law's clock, milliseconds since 1970.
        leaves: one for each subject, in the statement's order.
        map_root: the last leaf under the checkpoint, and its place; None where the
            form has none (a proof code), never in a proof file.
        before: the last map root ahead of the leaves; None for the log's first run.
        after: the map root of the run that took the leaves in; None if not given.
        keys: statements that show keys (genesis, party.admit, key.enrol).
    """

    envelope: Envelope
    accepted_ms: int
    leaves: tuple[LeafProof, ...]
    map_root: Placed | None
    before: Placed | None
    after: Placed | None
    keys: tuple[Envelope, ...]


def parse_proof_file(data: bytes) -> StatementProof:
    """Read a proof file; nothing is verified here.

    Raises:
        MalformedInput: another format, an unknown field, a leaf or proof that cannot
            be read.
    """
    value = parse_json(data, max_bytes=MAX_PROOF_BYTES, field="proof")
    with located("proof"):
        fields = Fields(value, where="")
    return read_proof(fields)


def read_proof(fields: Fields) -> StatementProof:
    """As `parse_proof_file`, of a proof inside other JSON."""
    fields.word("format", frozenset({PROOF_FORMAT}))
    has_keys = fields.has("keys")
    after = _read_optional(fields, "after")
    proof = StatementProof(
        envelope=read_envelope(fields.object("envelope")),
        accepted_ms=fields.integer("accepted_ms"),
        leaves=fields.each("leaves", _read_leaf, least=1, most=MAX_SUBJECTS),
        map_root=_read_placed(fields.object("map_root")),
        # Without the run's own map root the one before it says nothing.
        before=None if after is None else _read_optional(fields, "before"),
        after=after,
        keys=fields.each("keys", _read_key, most=1_000) if has_keys else (),
    )
    fields.close()
    return proof


def _read_key(fields: Fields, name: str) -> Envelope:
    return read_envelope(fields.object(name))


def _read_leaf(fields: Fields, name: str) -> LeafProof:
    inner = fields.object(name)
    # The position says nothing that the order does not say; it must agree.
    inner.integer("position", least=int(name), most=int(name))
    salt = inner.based("salt", most_bytes=_SALT_BYTES)
    if len(salt) != _SALT_BYTES:
        raise MalformedInput("bad_length", field=inner.path("salt"), wanted="32 bytes")
    read = LeafProof(leaf=_read_entry(inner), salt=salt, proof=_read_proof(inner))
    inner.close()
    return read


def _read_optional(fields: Fields, name: str) -> Placed | None:
    return _read_placed(fields.object(name)) if fields.has(name) else None


def _read_placed(fields: Fields) -> Placed:
    read = _read_entry(fields), _read_proof(fields)
    fields.close()
    return read


def _read_entry(fields: Fields) -> Leaf:
    return Leaf.decode(fields.hexed("leaf", size_bytes=LEAF_SIZE))


def _read_proof(fields: Fields) -> TlogProof:
    return TlogProof.parse(fields.string("proof").encode())

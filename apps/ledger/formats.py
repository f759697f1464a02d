"""The shapes in which the ledger takes, keeps and shows what was said."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from struct import Struct
from typing import Any, Final

from apps.core.canonical import JsonValue, canonical_bytes
from apps.core.envelope import STATEMENT_TYPE, Envelope, envelope_json, pae
from apps.core.errors import IntegrityBreach
from apps.core.leaf import Leaf, LeafType
from apps.core.statement import (
    GOODS_KINDS,
    PARTY_KINDS,
    RECALL_KINDS,
    Reference,
    Statement,
    Subject,
    build_statement,
    parse_statement,
)
from apps.core.strict import format_base64
from apps.core.subjects import subject_json

# How long a draft may be signed and sent; the format allows 7 days, but a refused
# statement should not lie about as a bearer token longer than one working day.
DRAFT_VALIDITY: Final = timedelta(hours=24)
SALT_BYTES: Final = 32
_NONCE_BYTES: Final = 16
_PENDING: Final = Struct(">B32s32s")
PENDING_LEAF_BYTES: Final = _PENDING.size

_TYPES: Final[Mapping[str, LeafType]] = {
    **dict.fromkeys(GOODS_KINDS, LeafType.GOODS),
    **dict.fromkeys(PARTY_KINDS, LeafType.PARTY),
    **dict.fromkeys(RECALL_KINDS, LeafType.RECALL),
    "erasure": LeafType.ERASURE,
    "genesis": LeafType.CONFIG,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """Bytes that wait for a signature.

    Args:
        payload: the exact bytes to sign.
        words: the sentence that says what they mean.
        lines: NDJSON of kind `events`, else None.
    """

    payload: bytes
    words: str
    lines: bytes | None = None

    @property
    def statement_id(self) -> str:
        """The id that the statement will have: it does not depend on signatures."""
        return sha256(pae(STATEMENT_TYPE, self.payload)).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The answer of `POST /api/v1/drafts`."""
        subjects = parse_statement(self.payload).subjects
        answer: dict[str, Any] = {
            "payload_type": STATEMENT_TYPE,
            "payload": format_base64(self.payload),
            "statement_id": self.statement_id,
            "words": self.words,
            "subjects": [subject_json(subject) for subject in subjects],
        }
        if self.lines is not None:
            answer["lines"] = self.lines.decode("utf-8")
        return answer


def new_statement(
    *,
    kind: str,
    by: str,
    signer: str,
    meaning: str,
    subjects: Iterable[Subject],
    parents: Iterable[Reference],
    body: Mapping[str, JsonValue],
    at: datetime,
    ledger: str,
) -> bytes:
    """The bytes to sign of a fresh statement: nonce and expiry are filled in.

    `at` is the moment that the signer claims, aware; the statement expires a day
    later. `ledger` is the origin of the log that it is for.

    Raises:
        MalformedInput: a field that its value cannot hold.
    """
    return build_statement(
        Statement(
            ledger=ledger,
            kind=kind,
            by=by,
            signer=signer,
            meaning=meaning,
            at_ms=as_ms(at),
            expires_ms=as_ms(at + DRAFT_VALIDITY),
            nonce=secrets.token_bytes(_NONCE_BYTES),
            subjects=tuple(sorted(subjects, key=lambda subject: subject.tag)),
            parents=tuple(parents),
            body=body,
        )
    )


def leaf_type_of(kind: str) -> LeafType:
    """The type of the leaves that a statement of this kind becomes."""
    return _TYPES[kind]


def as_ms(at: datetime) -> int:
    """`at`, an aware moment, in whole milliseconds since 1970."""
    whole, micros = int(at.replace(microsecond=0).timestamp()), at.microsecond
    return whole * 1000 + micros // 1000


@dataclass(frozen=True, slots=True)
class Submission:
    """What a door hands to a handler: the parsed envelope of one statement.

    Args:
        lines: the NDJSON file of kind `events`, else None.
        at_ms: when the door read its clock.
    """

    envelope: Envelope
    statement: Statement
    lines: bytes | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to an accepted statement.

    Args:
        tags: tags of its subjects, hex, in their order.
        receipt: DSSE over the promise to log it (DESIGN section 3), as JSON.
        is_new: False where the same statement had been accepted before.
    """

    statement_id: str
    accepted_ms: int
    tags: tuple[str, ...]
    receipt: dict[str, Any]
    is_new: bool


@dataclass(frozen=True, slots=True)
class PendingStatement:
    """A whole statement as the sequencer takes it from the queue."""

    statement_id: str
    accept_no: int
    accepted_ms: int
    leaves: tuple[tuple[int, bytes, bytes], ...]  # type, tag, commitment


def format_pending(leaves: Iterable[Leaf]) -> bytes:
    """The queue's bytes: u8 type, 32 tag, 32 commitment for each subject."""
    return b"".join(
        _PENDING.pack(leaf.kind, leaf.subject_tag, leaf.commitment) for leaf in leaves
    )


def parse_pending(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """(type, tag, commitment) of each leaf of one statement, in subject order.

    Raises:
        IntegrityBreach: the bytes do not divide into leaves.
    """
    if not data or len(data) % _PENDING.size:
        raise IntegrityBreach("pending_truncated", got=f"{len(data)} bytes")
    return list(_PENDING.iter_unpack(data))


def signature_bytes(envelope: Envelope) -> bytes:
    """The RFC 8785 bytes of the envelope's signatures, as the vault keeps them."""
    return canonical_bytes(envelope_json(envelope)["signatures"])


def split_salts(salts: bytes) -> list[bytes]:
    """The salts of a statement's leaves, in subject order."""
    return [salts[at : at + SALT_BYTES] for at in range(0, len(salts), SALT_BYTES)]

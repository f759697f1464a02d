"""The statement: what a partner says and signs, version 1.

A statement is the RFC 8785 bytes of one JSON object. It names the ledger it is for,
who speaks (`by`, `signer`), what the signature means, the chains it belongs to
(`subjects`), what it builds on (`parents`), and what is said (`body`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .canonical import (
    JsonValue,
    canonical_bytes,
    may_hold_doubles,
    parse_canonical,
    verify_integers_only,
)
from .encoding import format_time_ms
from .errors import MalformedInput, located
from .fields import Fields
from .strict import format_base64
from .subjects import (
    Moved,
    Reference,
    Serials,
    Subject,
    read_parents,
    read_subjects,
    subject_json,
)

__all__ = [
    "GOODS_KINDS",
    "KINDS",
    "PARTY_KINDS",
    "PUBLISHED_KINDS",
    "RECALL_KINDS",
    "Moved",
    "Reference",
    "Serials",
    "Statement",
    "Subject",
    "build_statement",
    "parse_statement",
]

VERSION: Final = 1
MAX_STATEMENT_BYTES: Final = 4 << 20
LONGEST_VALIDITY_MS: Final = 7 * 24 * 60 * 60 * 1000

GOODS_KINDS: Final = frozenset({"event", "events"})
PARTY_KINDS: Final = frozenset(
    {
        "party.admit",
        "party.licence",
        "key.enrol",
        "key.revoke",
        "key.reattest",
        "product.register",
    }
)
RECALL_KINDS: Final = frozenset(
    {"recall.open", "recall.amend", "recall.close", "recall.answer"}
)
# What everybody may read once it is logged: a recall, and not what holders answer.
PUBLISHED_KINDS: Final = RECALL_KINDS - {"recall.answer"}
KINDS: Final = GOODS_KINDS | PARTY_KINDS | RECALL_KINDS | {"erasure", "genesis"}

# The origin is a C2SP key name: printable, without blank and plus.
LEDGER_PATTERN: Final = re.compile(r"[!-*,-~]{1,255}")
SIGNER_PATTERN: Final = re.compile(r"[0-9A-Za-z_-]{8,64}")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that has been read; `body` is still JSON (see `bodies`).

    Args:
        by: GLN of the party that speaks.
        signer: random id of the person or system whose key signs.
        meaning: what the signature means (21 CFR 11.50).
        at_ms: the signer's claim, in milliseconds since 1970.
        expires_ms: the door refuses the statement later than this.
    """

    ledger: str
    kind: str
    by: str
    signer: str
    meaning: str
    at_ms: int
    expires_ms: int
    nonce: bytes
    subjects: tuple[Subject, ...]
    parents: tuple[Reference, ...]
    body: Mapping[str, JsonValue]


def parse_statement(payload: bytes) -> Statement:
    """Read the exact bytes that were signed.

    Raises:
        MalformedInput: not RFC 8785, not NFC, an unknown version, kind or field,
            or a value that its field cannot hold.
    Source: DESIGN section 3.
    """
    with located("payload"):
        value = parse_canonical(payload, max_bytes=MAX_STATEMENT_BYTES, doubles=True)
        fields = Fields(value, where="")
    version = fields.integer("v")
    if version != VERSION:
        raise MalformedInput(
            "unknown_version", field="v", got=version, wanted=str(VERSION)
        )
    kind = fields.word("kind", KINDS)
    statement = Statement(
        ledger=fields.matching("ledger", LEDGER_PATTERN, wanted="the log's origin"),
        kind=kind,
        by=fields.gln("by"),
        signer=fields.matching("signer", SIGNER_PATTERN, wanted="a random id"),
        meaning=fields.text("meaning"),
        at_ms=fields.time_ms("at"),
        expires_ms=fields.time_ms("expires"),
        nonce=_read_nonce(fields),
        subjects=read_subjects(fields, kind),
        parents=read_parents(fields),
        body=_read_body(fields, kind, has_doubles=may_hold_doubles(payload)),
    )
    fields.close()
    _verify_validity(statement)
    _verify_parents(statement)
    return statement


def build_statement(statement: Statement) -> bytes:
    """The bytes to sign.

    Raises:
        MalformedInput: the statement would not be read back; so none is ever
            signed that the door must refuse for its form.
    """
    payload = canonical_bytes(
        {
            "v": VERSION,
            "ledger": statement.ledger,
            "kind": statement.kind,
            "by": statement.by,
            "signer": statement.signer,
            "meaning": statement.meaning,
            "at": format_time_ms(statement.at_ms),
            "expires": format_time_ms(statement.expires_ms),
            "nonce": format_base64(statement.nonce),
            "subjects": [subject_json(subject) for subject in statement.subjects],
            "parents": [parent.text for parent in statement.parents],
            "body": dict(statement.body),
        }
    )
    parse_statement(payload)
    return payload


def _read_nonce(fields: Fields) -> bytes:
    nonce = fields.based("nonce", most_bytes=16)
    if len(nonce) != 16:
        raise MalformedInput(
            "bad_length", field="nonce", got=f"{len(nonce)} bytes", wanted="16 bytes"
        )
    return nonce


def _read_body(
    fields: Fields, kind: str, *, has_doubles: bool
) -> Mapping[str, JsonValue]:
    body = fields.members("body")
    if not has_doubles:
        return body
    # Only what a sensor measured may be a fraction.
    sensors = ("sensorElementList",) if kind == "event" else ()
    for name, value in body.items():
        if name not in sensors:
            verify_integers_only(value, field=f"body.{name}")
    return body


def _verify_validity(statement: Statement) -> None:
    latest = statement.at_ms + LONGEST_VALIDITY_MS
    if not statement.at_ms <= statement.expires_ms <= latest:
        raise MalformedInput(
            "bad_expiry",
            field="expires",
            got=format_time_ms(statement.expires_ms),
            wanted="at to at + 7 days",
        )


def _verify_parents(statement: Statement) -> None:
    if any(not parent.statement_id for parent in statement.parents):
        raise MalformedInput(
            "bad_reference",
            field="parents",
            got=next(each.text for each in statement.parents if not each.statement_id),
            wanted="#k only inside a file of events",
        )
    if statement.kind in {"events", "genesis"} and statement.parents:
        raise MalformedInput(
            "bad_reference",
            field="parents",
            got=f"{len(statement.parents)} parents",
            wanted="no parents",
        )

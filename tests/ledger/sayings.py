"""Signed statements of any kind for tests of the ledger, judged by nobody."""

from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from apps.core.envelope import STATEMENT_TYPE
from apps.core.signing import sign_envelope
from apps.core.statement import parse_statement
from apps.core.subjects import Moved, Subject
from apps.edge import secrets
from apps.ledger import formats, operations
from apps.ledger.formats import Accepted, Submission

ORIGIN = "localhost:8000/pharmatrace"
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
AT_MS = formats.as_ms(AT)
NOVAMED = "9521568000017"
NOVAMED_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def tag(word: str) -> bytes:
    """A tag that stands for `word`; the real ones are keyed."""
    return sha256(word.encode()).digest()


def goods(*words: str, n: int = 1) -> list[Subject]:
    """Subjects of a goods event, one a word."""
    return [
        Subject(tag(word), moved=Moved(n, sha256(b"set").digest())) for word in words
    ]


def saying(*words: str, kind: str = "event", keys=(NOVAMED_KEY,), at=AT) -> Submission:
    """A signed submission whose subjects stand for `words`."""
    secrets.create_missing()
    plain = [Subject(tag(word)) for word in words]
    payload = formats.new_statement(
        kind=kind,
        by=NOVAMED,
        signer="novamed-packing-line-1",
        meaning="I made these packs",
        subjects=goods(*words) if kind == "event" else plain,
        parents=[],
        body={"type": "ObjectEvent"},
        at=at,
        ledger=ORIGIN,
    )
    envelope = sign_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, private_keys=list(keys)
    )
    return Submission(envelope, parse_statement(payload), None, formats.as_ms(at))


def append(submission: Submission, *, accepted_ms: int = AT_MS) -> Accepted:
    """Append in a transaction of its own, as a door does."""
    with transaction.atomic():
        return operations.append_statement(
            submission=submission, accepted_ms=accepted_ms
        )


def say(*words: str, kind: str = "event", accepted_ms: int = AT_MS) -> Accepted:
    """Append a fresh statement about `words`."""
    return append(saying(*words, kind=kind), accepted_ms=accepted_ms)

"""Real drafts and real judgement for what a browser signs."""

import base64
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from apps.core.bodies import EventsFile
from apps.core.canonical import JsonValue
from apps.core.envelope import Envelope, parse_envelope
from apps.core.keys import PublicKey, load_public_key
from apps.core.signing import verify_signature
from apps.core.subjects import EventsRoot, Moved, Subject
from apps.ledger.formats import Draft, new_statement
from tests.browser.scripts.stage import STELLA

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
WORDS = "Stella Pharmacy ships 40 cases (480 packs) of Amoxil 500 mg to Transpharm."


def draft_shipping(
    *,
    words: str = WORDS,
    by: str = STELLA,
    packs: int = 480,
    lines: bytes | None = None,
) -> Draft:
    """A draft as the door makes it, for `packs` packs of one batch.

    With `lines` it is a file of events that are about that batch.
    """
    if lines is not None:
        return _draft_file(words, by, lines)
    tag = sha256(b"a batch").digest()
    payload = new_statement(
        kind="event",
        by=by,
        signer="anna-berger-1",
        meaning="I ship these goods",
        subjects=[Subject(tag, moved=Moved(packs, sha256(b"set").digest()))],
        parents=[],
        body={"type": "ObjectEvent", "bizStep": "shipping", "action": "OBSERVE"},
        at=AT,
        ledger="localhost:8000/pharmatrace",
    )
    return Draft(payload, words)


def _draft_file(words: str, by: str, lines: bytes) -> Draft:
    body = EventsFile.of(lines)
    root = EventsRoot(body.count, sha256(b"root").digest())
    payload = new_statement(
        kind="events",
        by=by,
        signer="anna-berger-1",
        meaning="I record these events",
        subjects=[Subject(sha256(b"a batch").digest(), events=root)],
        parents=[],
        body=body.to_json(),
        at=AT,
        ledger="localhost:8000/pharmatrace",
    )
    return Draft(payload, words, lines)


def draft_enrolment(wish: dict[str, JsonValue]) -> Draft:
    """A draft of key.enrol for the key that `wish` brings."""
    payload = new_statement(
        kind="key.enrol",
        by=STELLA,
        signer="anna-berger-1",
        meaning="This key signs for Anna Berger",
        subjects=[Subject(sha256(b"a key").digest())],
        parents=[],
        body={name: wish[name] for name in ("spki_b64", "alg", "label")},
        at=AT,
        ledger="localhost:8000/pharmatrace",
    )
    return Draft(payload, "This key signs for Anna Berger.")


def accepted(statement_id: str) -> dict[str, Any]:
    """The 201 of the statement door."""
    return {
        "statement_id": statement_id,
        "accepted_ms": 1_795_000_000_000,
        "subjects": [],
        "receipt": {"payload": "a receipt"},
    }


def key_in(page: Any) -> PublicKey:
    """The public half of the first key in the browser of user 7, told by the browser."""
    told = page.evaluate(
        """async () => {
          const { listKeys } = await import("/static/js/keys.js");
          const { toBase64 } = await import("/static/js/dsse.js");
          const [key] = await listKeys("7");
          return { alg: key.alg, spki: toBase64(key.spki), keyid: key.keyid };
        }"""
    )
    key = load_public_key(spki=base64.b64decode(told["spki"]), alg=told["alg"])
    assert key.keyid == told["keyid"]
    return key


def make_key(page: Any) -> PublicKey:
    """Let the browser make a key for user 7."""
    page.evaluate(
        """async () => {
          const { makeKey } = await import("/static/js/keymaking.js");
          await makeKey({ user: "7", label: "Counter 2" });
        }"""
    )
    return key_in(page)


def verify_envelope(data: bytes, *keys: PublicKey) -> Envelope:
    """Parse strictly, and verify exactly one signature by each of `keys`."""
    envelope = parse_envelope(data)
    by_id = {key.keyid: key for key in keys}
    assert [each.keyid for each in envelope.signatures] == sorted(by_id)
    for each in envelope.signatures:
        verify_signature(key=by_id[each.keyid], pae=envelope.pae, signature=each)
    return envelope

"""The vectors, computed; `python -m tests.golden` writes them, a test compares them."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.canonical import canonical_bytes, parse_canonical
from apps.core.custody import LAW_VERSION, RULES
from apps.core.envelope import (
    STATEMENT_TYPE,
    Envelope,
    envelope_bytes,
    envelope_digest,
    parse_envelope,
    statement_id,
)
from apps.core.errors import TraceError
from apps.core.leaf import (
    ZEROS,
    Leaf,
    LeafType,
    batch_tag,
    commitment,
    key_tag,
    party_tag,
    product_tag,
)
from apps.core.mapbuild import build_root
from apps.core.ranges import parse_ranges, set_digest
from apps.core.recall import parse_scope
from apps.core.serials import serial_salt, serials_root
from apps.core.signing import public_key_of, sign_envelope
from apps.core.statement import parse_statement
from tests.golden.more import ENTRIES, computed_around, refused_around
from tests.golden.signatures import signature_vectors

K_TAG = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
GTIN, LOT, GLN = "09521568251204", "A123", "9521568000017"


def vectors() -> dict[str, Any]:
    """Every vector: what is computed, and what is refused and why."""
    return {
        "computed": computed(),
        "refused": refused(),
        "signatures": signature_vectors(STATEMENT_TYPE, statement_payload()),
    }


def statement_payload() -> bytes:
    """A statement of an event on one unit, the same bytes for ever."""
    tag = batch_tag(K_TAG, gtin=GTIN, lot=LOT)
    return canonical_bytes(
        {
            "v": 1,
            "ledger": "ledger.example/pharmatrace",
            "kind": "event",
            "by": GLN,
            "signer": "nm-a91d3e6b20",
            "meaning": "taken as samples by the holder",
            "at": "2026-11-21T08:00:00.000Z",
            "expires": "2026-11-22T08:00:00.000Z",
            "nonce": "AAECAwQFBgcICQoLDA0ODw==",
            "subjects": [
                {"tag": tag.hex(), "n": 1, "set": set_digest(((7, 7),)).hex()}
            ],
            "parents": [],
            "body": {
                "type": "ObjectEvent",
                "eventTime": "2026-11-21T07:59:00.000Z",
                "eventTimeZoneOffset": "+01:00",
                "action": "DELETE",
                "bizStep": "sampling",
                "disposition": "inactive",
                "epcList": [f"https://id.gs1.org/01/{GTIN}/21/S000007"],
                "readPoint": {"id": "https://id.gs1.org/414/9521568000024"},
            },
        }
    )


def signed(payload: bytes) -> Envelope:
    """The payload under the one key of these vectors."""
    return sign_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, private_keys=[KEY]
    )


def event() -> object:
    """The event of the statement."""
    return parse_statement(statement_payload()).body


def commit(envelope: Envelope) -> bytes:
    """The commitment to `envelope` under a fixed salt."""
    return commitment(
        salt=sha256(b"salt").digest(),
        accepted_ms=1_795_000_000_000,
        envelope_digest=envelope_digest(envelope),
    )


def computed() -> dict[str, str]:
    """Names and hex of what our formats give for fixed input."""
    payload = statement_payload()
    parse_statement(payload)
    envelope = signed(payload)
    seed, committed = sha256(b"seed").digest(), commit(envelope)
    leaf = Leaf(
        LeafType.GOODS,
        1_795_000_000_001,
        batch_tag(K_TAG, gtin=GTIN, lot=LOT),
        0,
        ZEROS,
        committed,
    )
    return {
        "keyid": public_key_of(KEY).keyid,
        "statement": payload.hex(),
        "statement_id": statement_id(envelope),
        "envelope": envelope_bytes(envelope).hex(),
        "envelope_digest": envelope_digest(envelope).hex(),
        "tag_batch": batch_tag(K_TAG, gtin=GTIN, lot=LOT).hex(),
        "tag_product": product_tag(K_TAG, gtin=GTIN).hex(),
        "tag_party": party_tag(K_TAG, gln=GLN).hex(),
        "tag_key": key_tag(K_TAG, keyid=public_key_of(KEY).keyid).hex(),
        "set_of_two_ranges": set_digest(((0, 4), (7, 7))).hex(),
        "set_of_nothing": set_digest(()).hex(),
        "serial_salt": serial_salt(seed, "S000007").hex(),
        "serials_root": serials_root(
            seed=seed, gtin=GTIN, base=0, serials=[f"S{n:06}" for n in range(9)]
        ).hex(),
        "commitment": committed.hex(),
        "leaf": leaf.encode().hex(),
        "leaf_hash": leaf.leaf_hash.hex(),
        "map_root_of_five": build_root(ENTRIES).hex(),
        "law": sha256(
            "\n".join(
                f"{r.name}|{r.biz_step}|{r.dispositions}|{r.action}" for r in RULES
            ).encode()
        ).hexdigest(),
        "law_version": str(LAW_VERSION),
        **computed_around(event(), statement_id(envelope), committed),
    }


def refused() -> list[dict[str, str]]:
    """Input that must be refused, with the code of the refusal."""
    good = statement_payload()
    made = signed(good)
    envelope = envelope_bytes(made)
    cases: list[tuple[str, Callable[[], object]]] = [
        ("a blank after a colon", lambda: parse_statement(good.replace(b'"v":1', b'"v": 1'))),
        ("version 2", lambda: parse_statement(good.replace(b'"v":1', b'"v":2'))),
        ("an unknown kind", lambda: parse_statement(good.replace(b'"kind":"event"', b'"kind":"evemt"'))),
        ("a GLN with a wrong check digit", lambda: parse_statement(good.replace(GLN.encode(), b"9521568000018"))),
        ("a day that does not exist", lambda: parse_statement(good.replace(b"2026-11-21T08", b"2026-11-31T08"))),
        ("a nonce of 15 bytes", lambda: parse_statement(good.replace(b"AAECAwQFBgcICQoLDA0ODw==", b"AAECAwQFBgcICQoLDA0O"))),
        ("a name twice", lambda: parse_statement(good.replace(b'"v":1', b'"v":1,"v":1'))),
        ("nothing moved", lambda: parse_statement(good.replace(b'"n":1', b'"n":0'))),
        ("validity of 8 days", lambda: parse_statement(good.replace(b"2026-11-22T08", b"2026-11-29T08"))),
        ("an envelope without signatures", lambda: parse_envelope(canonical_bytes({"payloadType": STATEMENT_TYPE, "payload": "e30=", "signatures": []}))),
        ("an envelope with a field more", lambda: parse_envelope(envelope.replace(b'{"payload"', b'{"note":"x","payload"', 1))),
        ("ranges that touch", lambda: parse_ranges([[0, 4], [5, 6]], field="set")),
        ("ranges that fall", lambda: parse_ranges([[7, 7], [0, 4]], field="set")),
        ("a range backwards", lambda: parse_ranges([[4, 0]], field="set")),
        ("a scope that means nothing", lambda: parse_scope({})),
        ("lots out of order", lambda: parse_scope({"lots": ["B", "A"]})),
        ("a lot twice", lambda: parse_scope({"lots": ["A", "A"]})),
        ("serials of two lengths", lambda: parse_scope({"ranges": [["A1", "A10"]]})),
        ("ranges of serials that overlap", lambda: parse_scope({"ranges": [["A1", "A5"], ["A3", "A9"]]})),
        ("ranges of serials that touch", lambda: parse_scope({"ranges": [["A1", "A5"], ["A6", "A9"]]})),
        ("a range of one serial", lambda: parse_scope({"ranges": [["A1", "A1"]]})),
        ("a serial that a range covers", lambda: parse_scope({"ranges": [["A1", "A5"]], "serials": ["A2"]})),
        ("a window backwards", lambda: parse_scope({"expiry_from": "2028-02-01", "expiry_to": "2028-01-31"})),
        ("a text that is NFC in Unicode 14.0 only", lambda: parse_canonical('"b\u0301\U00010efd"'.encode(), max_bytes=99)),
        ("a letter of Unicode 15.0", lambda: parse_canonical('"\U0001e030"'.encode(), max_bytes=99)),
        ("a leaf of 113 bytes", lambda: Leaf.decode(bytes(113))),
        ("a leaf of version 0", lambda: Leaf.decode(bytes(114))),
        ("a seed of 31 bytes", lambda: serial_salt(bytes(31), "S1")),
        *refused_around(event(), statement_id(made), commit(made)),
    ]  # fmt: skip
    return [{"desc": desc, "want_error": code_of(call)} for desc, call in cases]


def code_of(call: Callable[[], object]) -> str:
    """The stable code with which `call` refuses; "accepted" if it does not."""
    try:
        call()
    except TraceError as error:
        return error.code
    return "accepted"

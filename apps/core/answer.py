"""The signed answer: what the site said about a scanned code, to whom, and when.

It proves the words, not the pack: who was told `dispense` can show it later, and so can
who was told `hold`. Signed by a receipt key that genesis names.
Source: docs/formats.md, "Signed answer".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from .canonical import JsonValue, canonical_bytes, parse_canonical
from .encoding import format_time_ms
from .envelope import ANSWER_TYPE, Envelope
from .errors import MalformedInput, ProofError
from .fields import Fields
from .keyring import KeyRing
from .keys import PrivateKey
from .signing import sign_envelope, verify_signature
from .statement import LEDGER_PATTERN
from .steps import Finding, at_step

VERDICTS: Final = frozenset({"dispense", "hold", "ask"})
MAX_RECALLS: Final = 1_000
_MAX_BYTES: Final = 1 << 20
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_GTIN: Final = re.compile(r"([0-9]{14})?")
_TEXT: Final = re.compile(r"[!-~]{0,20}")
_DATE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; "" stands for what the code did not say.

    Args:
        ledger: origin of the log.
        asked_by: GLN of the party that scanned.
        at_ms: milliseconds since 1970.
        scanned: SHA-256 of the scanned text in UTF-8 (`digest_of`).
        verdict: dispense, hold or ask.
        code: why (docs/scan.md).
        expiry: `YYYY-MM-DD`.
        recalls: ids of the open recalls that cover the pack.
    """

    ledger: str
    asked_by: str
    at_ms: int
    scanned: bytes
    verdict: str
    code: str
    gtin: str
    lot: str
    expiry: str
    serial: str
    recalls: tuple[bytes, ...] = ()


def digest_of(scanned: str) -> bytes:
    """What stands for a scanned text in an answer; lone surrogates are escaped."""
    return sha256(scanned.encode("utf-8", "backslashreplace")).digest()


def sign_answer(answer: Answer, *, key: PrivateKey) -> Envelope:
    """The answer under a receipt key.

    Raises:
        MalformedInput: it would not be read back.
    """
    said: JsonValue = {
        "ledger": answer.ledger,
        "asked_by": answer.asked_by,
        "at": format_time_ms(answer.at_ms),
        "scanned": answer.scanned.hex(),
        "verdict": answer.verdict,
        "code": answer.code,
        "gtin": answer.gtin,
        "lot": answer.lot,
        "expiry": answer.expiry,
        "serial": answer.serial,
        "recalls": [each.hex() for each in answer.recalls],
    }
    _read(said)
    payload = canonical_bytes(said)
    return sign_envelope(payload_type=ANSWER_TYPE, payload=payload, private_keys=[key])


def parse_answer(envelope: Envelope) -> Answer:
    """Read an answer; its signature is not checked here.

    Raises:
        MalformedInput: another payload type, or not exactly its fields.
    """
    if envelope.payload_type != ANSWER_TYPE:
        raise MalformedInput(
            "wrong_payload_type",
            field="payloadType",
            got=envelope.payload_type,
            wanted=ANSWER_TYPE,
        )
    return _read(
        parse_canonical(envelope.payload, max_bytes=_MAX_BYTES, field="answer")
    )


def verify_answer(envelope: Envelope, *, ring: KeyRing) -> Finding:
    """Step 15: a receipt key of genesis signed what the site answered.

    Raises:
        ProofError: `unknown_key`, `other_ledger`, `bad_signature`.
    """
    with at_step(15):
        answer = parse_answer(envelope)
        if len(envelope.signatures) != 1:
            raise MalformedInput(
                "bad_length", field="signatures", wanted="the receipt key's signature"
            )
        if ring.genesis is None:
            return Finding(15, f"{_spoken(answer)}: nobody shown", is_shown=False)
        keys = {key.keyid: key for key in ring.genesis.receipt_keys}
        (signature,) = envelope.signatures
        if signature.keyid not in keys:
            raise ProofError(
                "unknown_key", field=signature.keyid, wanted="a receipt key"
            )
        verify_signature(
            key=keys[signature.keyid], pae=envelope.pae, signature=signature
        )
        if answer.ledger != ring.genesis.origin:
            raise ProofError(
                "other_ledger", got=answer.ledger, wanted=ring.genesis.origin
            )
    return Finding(15, f"{_spoken(answer)}: signed by {answer.ledger}")


def _spoken(answer: Answer) -> str:
    what = f"GTIN {answer.gtin or '?'}, lot {answer.lot or '?'}, serial"
    when = format_time_ms(answer.at_ms)
    return (
        f"at {when} {answer.asked_by} was answered {answer.verdict} ({answer.code}) "
        f"about {what} {answer.serial or '?'}"
    )


def _read(said: JsonValue) -> Answer:
    fields = Fields(said, where="answer")
    answer = Answer(
        ledger=fields.matching("ledger", LEDGER_PATTERN, wanted="the log's origin"),
        asked_by=fields.gln("asked_by"),
        at_ms=fields.time_ms("at"),
        scanned=fields.hexed("scanned"),
        verdict=fields.word("verdict", VERDICTS),
        code=fields.matching("code", _CODE, wanted="a reason code"),
        gtin=fields.matching("gtin", _GTIN, wanted="14 digits, or nothing"),
        lot=fields.matching("lot", _TEXT, wanted="at most 20 characters"),
        expiry=fields.matching("expiry", _DATE, wanted="a date, or nothing"),
        serial=fields.matching("serial", _TEXT, wanted="at most 20 characters"),
        recalls=fields.each("recalls", Fields.hexed, most=MAX_RECALLS),
    )
    fields.close()
    return answer

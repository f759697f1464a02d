"""The receipt: a promise, signed at the door, that a statement will be in the log.

Whoever holds one can prove that an accepted statement was dropped: the log must show
a leaf with each of its commitments within the delay it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .canonical import canonical_bytes, parse_canonical, parse_json
from .encoding import LAST_MS
from .envelope import RECEIPT_TYPE, Envelope, read_envelope
from .errors import MalformedInput
from .fields import Fields
from .keys import PrivateKey, PublicKey
from .signing import sign_envelope, verify_signature
from .statement import LEDGER_PATTERN
from .subjects import MAX_SUBJECTS

MAX_DELAY_SECONDS: Final = 60
_MAX_RECEIPT_BYTES: Final = 6 << 20
_MAX_FILE_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the door promised.

    Args:
        ledger: origin of the log.
        statement_id: 64 hex digits.
        accepted_ms: the law's clock at acceptance, milliseconds since 1970.
        commitments: 32 bytes for each subject, in the statement's order.
    """

    ledger: str
    statement_id: str
    accepted_ms: int
    commitments: tuple[bytes, ...]


def build_receipt(
    *,
    ledger: str,
    statement_id: str,
    accepted_ms: int,
    commitments: Sequence[bytes],
    key: PrivateKey,
) -> Envelope:
    """A receipt signed by a receipt key that genesis names.

    Raises:
        MalformedInput: it would not be read back.
    """
    payload = canonical_bytes(
        {
            "ledger": ledger,
            "statement_id": statement_id,
            "accepted_ms": accepted_ms,
            "commitments": [commitment.hex() for commitment in commitments],
            "max_delay_s": MAX_DELAY_SECONDS,
        }
    )
    _read(payload)
    return sign_envelope(payload_type=RECEIPT_TYPE, payload=payload, private_keys=[key])


def read_receipt_file(data: bytes) -> Envelope:
    """The receipt in a file: alone, or inside the site's answer to a statement.

    Raises:
        MalformedInput: no envelope, or of another type.
    """
    value = parse_json(data, max_bytes=_MAX_FILE_BYTES, field="receipt")
    if isinstance(value, dict) and "receipt" in value:
        value = value["receipt"]
    envelope = read_envelope(Fields(value, where="receipt"))
    parse_receipt(envelope)
    return envelope


def parse_receipt(envelope: Envelope) -> Receipt:
    """Read a receipt; its signature is not checked here.

    Raises:
        MalformedInput: another payload type, or not exactly its fields.
    """
    if envelope.payload_type != RECEIPT_TYPE:
        raise MalformedInput(
            "wrong_payload_type",
            field="payloadType",
            got=envelope.payload_type,
            wanted=RECEIPT_TYPE,
        )
    return _read(envelope.payload)


def verify_receipt(*, envelope: Envelope, key: PublicKey) -> None:
    """Check that `key`, a receipt key of genesis, signed the receipt alone.

    Raises:
        UntrustedSignature: it did not.
        MalformedInput: it is no receipt, or has other signatures.
    """
    parse_receipt(envelope)
    if len(envelope.signatures) != 1:
        raise MalformedInput(
            "bad_length", field="signatures", wanted="the receipt key's signature"
        )
    verify_signature(key=key, pae=envelope.pae, signature=envelope.signatures[0])


def _read(payload: bytes) -> Receipt:
    fields = Fields(
        parse_canonical(payload, max_bytes=_MAX_RECEIPT_BYTES, field="receipt"),
        where="receipt",
    )
    receipt = Receipt(
        ledger=fields.matching("ledger", LEDGER_PATTERN, wanted="the log's origin"),
        statement_id=fields.hexed("statement_id").hex(),
        accepted_ms=fields.integer("accepted_ms", most=LAST_MS),
        commitments=fields.each(
            "commitments", Fields.hexed, least=1, most=MAX_SUBJECTS
        ),
    )
    fields.integer("max_delay_s", least=MAX_DELAY_SECONDS, most=MAX_DELAY_SECONDS)
    fields.close()
    return receipt

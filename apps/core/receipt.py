"""The receipt: a promise, signed at the door, that a statement will be in the log.

Whoever holds one can prove that an accepted statement was dropped: the log must show
a leaf with each of its commitments within the delay it names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Final

from .canonical import parse_canonical, parse_json
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
_NAME: Final = re.compile("[0-9a-f]{64}")
_COMMITMENT_BYTES: Final = 32


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
    receipt = Receipt(ledger, statement_id, accepted_ms, tuple(commitments))
    payload = receipt_payload(receipt)
    if not _is_readable(receipt):
        _read(payload)  # says what is wrong
    return sign_envelope(payload_type=RECEIPT_TYPE, payload=payload, private_keys=[key])


def _is_readable(receipt: Receipt) -> bool:
    """Whether `_read` would take it, told from the fields alone."""
    return (
        LEDGER_PATTERN.fullmatch(receipt.ledger) is not None
        and _NAME.fullmatch(receipt.statement_id) is not None
        and 0 <= receipt.accepted_ms <= LAST_MS
        and 0 < len(receipt.commitments) <= MAX_SUBJECTS
        and all(len(each) == _COMMITMENT_BYTES for each in receipt.commitments)
    )


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


def receipt_payload(receipt: Receipt) -> bytes:
    """The RFC 8785 bytes of this promise, written out for speed.

    Whether its fields are what they must be is told by who reads them.
    """
    named = ",".join([f'"{each.hex()}"' for each in receipt.commitments])
    text = (
        f'{{"accepted_ms":{receipt.accepted_ms},"commitments":[{named}],'
        f'"ledger":{encode_basestring(receipt.ledger)},'
        f'"max_delay_s":{MAX_DELAY_SECONDS},'
        f'"statement_id":{encode_basestring(receipt.statement_id)}}}'
    )
    return text.encode("utf-8", "surrogatepass")


def parse_receipt(envelope: Envelope) -> Receipt:
    """Read a receipt; its signature is not checked here.

    Raises:
        MalformedInput: another payload type, or not exactly its fields.
    """
    _verify_type(envelope)
    return _read(envelope.payload)


def verify_receipt(*, envelope: Envelope, key: PublicKey) -> None:
    """Check that `key`, a receipt key of genesis, signed the receipt alone.

    Raises:
        UntrustedSignature: it did not.
        MalformedInput: it is no receipt, or has other signatures.
    """
    parse_receipt(envelope)
    verify_receipt_signature(envelope=envelope, key=key)


def verify_receipt_signature(*, envelope: Envelope, key: PublicKey) -> None:
    """As `verify_receipt`, of a receipt whose payload is read elsewhere."""
    _verify_type(envelope)
    if len(envelope.signatures) != 1:
        raise MalformedInput(
            "bad_length", field="signatures", wanted="the receipt key's signature"
        )
    verify_signature(key=key, pae=envelope.pae, signature=envelope.signatures[0])


def _verify_type(envelope: Envelope) -> None:
    if envelope.payload_type != RECEIPT_TYPE:
        raise MalformedInput(
            "wrong_payload_type",
            field="payloadType",
            got=envelope.payload_type,
            wanted=RECEIPT_TYPE,
        )


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

"""DSSE v1 envelopes: the bytes that were said, and who signed them.

The signature covers the pre-authentication encoding (PAE) of payload type and
payload, so verifying needs no JSON; the identity of a statement is the hash of that
encoding and never of a signature, which ECDSA makes anew each time.
"""

from __future__ import annotations

import hashlib
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .canonical import JsonValue, canonical_bytes, parse_json
from .errors import MalformedInput, located
from .fields import Fields
from .strict import format_base64

STATEMENT_TYPE: Final = "application/vnd.pharmatrace.statement.v1+json"
DELEGATION_TYPE: Final = "application/vnd.pharmatrace.delegation.v1+json"
RECEIPT_TYPE: Final = "application/vnd.pharmatrace.receipt.v1+json"
ANSWER_TYPE: Final = "application/vnd.pharmatrace.answer.v1+json"

MAX_ENVELOPE_BYTES: Final = 6 << 20
MAX_SIGNATURES: Final = 16
_MAX_PAYLOAD_BYTES: Final = 4 << 20
_MAX_SIGNATURE_BYTES: Final = 128
_MAX_WEBAUTHN_BYTES: Final = 4_096

# As nearly all envelopes are written: signatures of 64 bytes without an authenticator or
# a lent voice. Such bytes are read at once, as the strict reader reads them.
_PLAIN_SIGNATURE: Final = (
    rb'\{"keyid":"([0-9a-f]{64})","sig":"([0-9A-Za-z+/]{85}[AQgw]==)"\}'
)
_ONE_SIGNATURE: Final = re.compile(rb"\[%b\]" % _PLAIN_SIGNATURE)
_SIGNATURES: Final = re.compile(_PLAIN_SIGNATURE)
_PLAIN_PAYLOAD: Final = rb'"payload":"([0-9A-Za-z+/]+={0,2})"'
_PLAIN_TYPE: Final = rb'"payloadType":"([0-9A-Za-z./+-]{1,100})"'
_PLAIN_REST: Final = rb'"signatures":(\[[^\]]*\])'
_BY_PAYLOAD: Final = re.compile(
    rb"\{%b,%b,%b\}" % (_PLAIN_PAYLOAD, _PLAIN_TYPE, _PLAIN_REST)
)
_BY_TYPE: Final = re.compile(
    rb"\{%b,%b,%b\}" % (_PLAIN_TYPE, _PLAIN_PAYLOAD, _PLAIN_REST)
)


@dataclass(frozen=True, slots=True)
class WebauthnEvidence:
    """What an authenticator signed instead of the PAE: both byte strings, as made."""

    authenticator_data: bytes
    client_data_json: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature.

    Args:
        keyid: SHA-256 of the signer's SPKI DER, 64 hex digits.
        sig: the raw signature; its form is the key's algorithm's.
        webauthn: only under a `webauthn-es256` key.
        delegation: the envelope by which an enrolled key lent its voice to this one.
    """

    keyid: str
    sig: bytes
    webauthn: WebauthnEvidence | None = None
    delegation: Envelope | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with its signatures, ascending by keyid, each keyid once."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    @property
    def pae(self) -> bytes:
        """The bytes that every signature covers."""
        return pae(self.payload_type, self.payload)


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding.

    Source: DSSE v1 protocol, "Signature Definition".
    """
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse_envelope(data: bytes) -> Envelope:
    """Read a DSSE envelope: exactly payloadType, payload and signatures.

    Raises:
        MalformedInput: not JSON, an unknown field, base64 with another spelling,
            signatures not ascending by keyid.
    """
    plain = _parse_plain(data)
    if plain is not None:
        return plain
    with located("envelope"):
        fields = Fields(parse_json(data, max_bytes=MAX_ENVELOPE_BYTES), where="")
    return read_envelope(fields)


def read_envelope(fields: Fields) -> Envelope:
    """As `parse_envelope`, of an envelope inside other JSON."""
    return _read(fields, _read_signature)


def join_envelope(*, payload: bytes, signatures: bytes) -> bytes:
    """The RFC 8785 bytes of the statement's envelope that these two were cut from.

    Args:
        signatures: the RFC 8785 bytes of the envelope's signatures.
    """
    return b'{"payload":"%b","payloadType":"%b","signatures":%b}' % (
        b2a_base64(payload, newline=False),
        STATEMENT_TYPE.encode(),
        signatures,
    )


def open_sealed(*, payload: bytes, signatures: bytes) -> Envelope:
    """The envelope that `join_envelope` makes of these two.

    Raises:
        MalformedInput: as `parse_envelope`, or `envelope_not_canonical`.
    """
    plain = _parse_plain_signatures(signatures)
    if plain and 0 < len(payload) <= _MAX_PAYLOAD_BYTES:
        return Envelope(STATEMENT_TYPE, payload, plain)
    data = join_envelope(payload=payload, signatures=signatures)
    envelope = parse_envelope(data)
    if envelope_bytes(envelope) != data:
        raise MalformedInput("envelope_not_canonical", field="vault")
    return envelope


def envelope_json(envelope: Envelope) -> dict[str, JsonValue]:
    """`envelope` as a JSON object."""
    return {
        "payloadType": envelope.payload_type,
        "payload": format_base64(envelope.payload),
        "signatures": [_signature_json(each) for each in envelope.signatures],
    }


def build_envelope(
    *, payload_type: str, payload: bytes, signatures: Iterable[Signature]
) -> Envelope:
    """An envelope with its signatures in order.

    Raises:
        MalformedInput: it would not be read back (no signature, one keyid twice).
    """
    ordered = tuple(sorted(signatures, key=lambda each: each.keyid))
    envelope = Envelope(payload_type, payload, ordered)
    parse_envelope(envelope_bytes(envelope))
    return envelope


def envelope_bytes(envelope: Envelope) -> bytes:
    """The RFC 8785 bytes of `envelope`."""
    return canonical_bytes(envelope_json(envelope))


def envelope_digest(envelope: Envelope) -> bytes:
    """SHA-256 of the RFC 8785 bytes of `envelope`, the form that leaves commit to."""
    return hashlib.sha256(envelope_bytes(envelope)).digest()


def statement_id(envelope: Envelope) -> str:
    """SHA-256 of the PAE, 64 hex digits: the name of what was said."""
    return hashlib.sha256(envelope.pae).hexdigest()


def _parse_plain(data: bytes) -> Envelope | None:
    """An envelope as nearly all are; None where it takes the strict reader to tell."""
    if len(data) > MAX_ENVELOPE_BYTES:
        return None
    if found := _BY_PAYLOAD.fullmatch(data):
        text, kind, array = found.groups()
    elif found := _BY_TYPE.fullmatch(data):
        kind, text, array = found.groups()
    else:
        return None
    payload, signatures = _decode_plain(text), _parse_plain_signatures(array)
    if not signatures or not 0 < len(payload) <= _MAX_PAYLOAD_BYTES:
        return None
    return Envelope(kind.decode(), payload, signatures)


def _decode_plain(text: bytes) -> bytes:
    """The bytes behind base64 in its one spelling; none behind any other."""
    data = a2b_base64(text) if len(text) % 4 == 0 else b""
    return data if b2a_base64(data, newline=False) == text else b""


def _parse_plain_signatures(data: bytes) -> tuple[Signature, ...]:
    """The signatures in RFC 8785 bytes as nearly all are; none where they are not."""
    if only := _ONE_SIGNATURE.fullmatch(data):
        return (_plain_signature(*only.groups()),)
    found = _SIGNATURES.findall(data)
    again = b",".join([b'{"keyid":"%b","sig":"%b"}' % each for each in found])
    keyids = [keyid for keyid, _ in found]
    is_plain = data == b"[%b]" % again and len(found) <= MAX_SIGNATURES
    if not is_plain or keyids != sorted(set(keyids)):
        return ()
    return tuple(_plain_signature(keyid, sig) for keyid, sig in found)


def _plain_signature(keyid: bytes, sig: bytes) -> Signature:
    return Signature(keyid.decode(), a2b_base64(sig))


def _read(
    fields: Fields, read_signature: Callable[[Fields, str], Signature]
) -> Envelope:
    payload_type = fields.text("payloadType", longest=100)
    payload = fields.based("payload", most_bytes=_MAX_PAYLOAD_BYTES)
    signatures = fields.each("signatures", read_signature, least=1, most=MAX_SIGNATURES)
    fields.close()
    for first, second in pairwise(signatures):
        if first.keyid >= second.keyid:
            raise MalformedInput(
                "not_sorted",
                field=fields.path("signatures"),
                got=f"{second.keyid} after {first.keyid}",
                wanted="ascending keyids, each once",
            )
    return Envelope(payload_type, payload, signatures)


def _read_signature(fields: Fields, name: str) -> Signature:
    inner = fields.object(name)
    delegation = None
    if inner.has("delegation"):
        # A lent voice cannot be lent on: the inner envelope knows no delegation.
        delegation = _read(inner.object("delegation"), _read_own_signature)
        if delegation.payload_type != DELEGATION_TYPE:
            raise MalformedInput(
                "wrong_payload_type",
                field=inner.path("delegation.payloadType"),
                got=delegation.payload_type,
                wanted=DELEGATION_TYPE,
            )
    return _finish_signature(inner, delegation)


def _read_own_signature(fields: Fields, name: str) -> Signature:
    return _finish_signature(fields.object(name), None)


def _finish_signature(fields: Fields, delegation: Envelope | None) -> Signature:
    signature = Signature(
        keyid=fields.hexed("keyid").hex(),
        sig=fields.based("sig", most_bytes=_MAX_SIGNATURE_BYTES),
        webauthn=_read_webauthn(fields) if fields.has("webauthn") else None,
        delegation=delegation,
    )
    fields.close()
    return signature


def _read_webauthn(fields: Fields) -> WebauthnEvidence:
    inner = fields.object("webauthn")
    evidence = WebauthnEvidence(
        authenticator_data=inner.based(
            "authenticatorData", most_bytes=_MAX_WEBAUTHN_BYTES
        ),
        client_data_json=inner.based("clientDataJSON", most_bytes=_MAX_WEBAUTHN_BYTES),
    )
    inner.close()
    return evidence


def _signature_json(signature: Signature) -> dict[str, JsonValue]:
    made: dict[str, JsonValue] = {
        "keyid": signature.keyid,
        "sig": format_base64(signature.sig),
    }
    if signature.webauthn is not None:
        made["webauthn"] = {
            "authenticatorData": format_base64(signature.webauthn.authenticator_data),
            "clientDataJSON": format_base64(signature.webauthn.client_data_json),
        }
    if signature.delegation is not None:
        made["delegation"] = envelope_json(signature.delegation)
    return made

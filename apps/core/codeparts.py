"""The parts of a proof code: signatures with their keys, and the packed statement."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .encoding import LAST_MS
from .envelope import Signature, WebauthnEvidence
from .errors import MalformedInput
from .gs1.keys import Serial
from .keys import ECDSA_P256, ED25519, WEBAUTHN_ES256, keyid_of
from .note import KEY_ID_SIZE
from .octets import Octets

SIGNATURE_SIZE: Final = 64
_MAX_DER_BYTES: Final = 128
_SPKI_ED25519: Final = bytes.fromhex("302a300506032b6570032100")
_SPKI_P256: Final = bytes.fromhex(
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
)
# Number in the code → algorithm, what stands ahead of the key in its SPKI, key's size.
_ALGORITHMS: Final = {
    1: (ED25519, _SPKI_ED25519, 32),
    2: (ECDSA_P256, _SPKI_P256, 64),
    3: (WEBAUTHN_ES256, _SPKI_P256, 64),
}
_NUMBERS: Final = {alg: number for number, (alg, _, _) in _ALGORITHMS.items()}

DICTIONARY: Final = (
    b'{"at":"2026-01-01T00:00:00.000Z","body":{"action":"ADD","bizLocation":{"id":'
    b'"https://id.gs1.org/414/"},"bizStep":"commissioning","disposition":"active",'
    b'"eventTime":"2026-01-01T00:00:00.000Z","eventTimeZoneOffset":"+00:00","ilmd":{'
    b'"cbvmda:itemExpirationDate":"2028-01-31","cbvmda:lotNumber":""},"quantityList":['
    b'{"epcClass":"https://id.gs1.org/01/0/10/","quantity":10}],"readPoint":{"id":'
    b'"https://id.gs1.org/414/"},"type":"ObjectEvent"},"by":"","expires":'
    b'"2026-01-08T00:00:00.000Z","kind":"event","ledger":"/log","meaning":'
    b'"commissioned by the manufacturer","nonce":"==","parents":[],"signer":"",'
    b'"subjects":[{"n":,"serials":{"base":0,"expiry":"20","gtin":"0","lot":"","root":'
    b'"","size":},"set":"","tag":""}],"v":1}'
)
"""What deflate may refer back to: a commissioning statement without its values."""


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's Ed25519 line: key id, POSIX seconds, 64 bytes."""

    key_id: bytes
    time_seconds: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class BroughtSignature:
    """A statement's signature, and the key that it verifies under."""

    alg: str
    spki: bytes
    signature: Signature


def read_cosignature(octets: Octets, field: str) -> Cosignature:
    """76 bytes."""
    return Cosignature(
        octets.take(KEY_ID_SIZE, field),
        octets.number(8, field, most=LAST_MS // 1_000),
        octets.take(SIGNATURE_SIZE, field),
    )


def read_signature(octets: Octets, field: str) -> BroughtSignature:
    """A number of an algorithm, a key and its signature."""
    known = octets.number(1, field, least=1, most=len(_ALGORITHMS))
    alg, ahead, key_size = _ALGORITHMS[known]
    spki = ahead + octets.take(key_size, field)
    webauthn = None
    if alg == WEBAUTHN_ES256:
        sig = octets.sized(1, field, most=_MAX_DER_BYTES)
        webauthn = WebauthnEvidence(octets.sized(2, field), octets.sized(2, field))
    else:
        sig = octets.take(SIGNATURE_SIZE, field)
    return BroughtSignature(alg, spki, Signature(keyid_of(spki), sig, webauthn))


def read_payload(octets: Octets) -> bytes:
    """The statement's bytes, unpacked; never more of them than are said to be."""
    size = octets.number(2, "payload_size", least=1)
    packed = octets.sized(2, "packed_payload")
    inflating = zlib.decompressobj(-zlib.MAX_WBITS, zdict=DICTIONARY)
    try:
        # One byte more than said: a longer text is noticed without being unpacked.
        payload = inflating.decompress(packed, size + 1)
    except zlib.error as error:
        raise octets.refuse(
            "packed_payload", got=error, wanted="raw deflate"
        ) from error
    if len(payload) != size or not inflating.eof or inflating.unused_data:
        raise octets.refuse(
            "packed_payload", got=f"{len(payload)} bytes", wanted=f"{size} bytes"
        )
    return payload


def read_serial(octets: Octets) -> str:
    """A serial number of GS1."""
    raw = octets.sized(1, "serial", most=20)
    try:
        return Serial(raw.decode("latin-1")).text
    except MalformedInput as error:
        raise octets.refuse("serial", got=error.got, wanted="GS1 set 82") from error


def verify_order(octets: Octets, ids: Sequence[str], field: str) -> None:
    """Refuse ids that do not ascend: where order has no meaning, there is one."""
    if any(first >= second for first, second in pairwise(ids)):
        raise octets.refuse(field, got=ids, wanted="ascending, each once")


def number(value: int, size_bytes: int) -> bytes:
    """`value` in so many bytes; raises `too_large`."""
    if not 0 <= value < 256**size_bytes:
        raise MalformedInput("too_large", got=value, wanted=f"{size_bytes} bytes")
    return value.to_bytes(size_bytes, "big")


def sized(data: bytes, size_bytes: int) -> bytes:
    """`data` behind its length."""
    return number(len(data), size_bytes) + data


def encode_cosignature(one: Cosignature) -> bytes:
    """As `read_cosignature` reads it."""
    return one.key_id + number(one.time_seconds, 8) + one.signature


def encode_signature(one: BroughtSignature) -> bytes:
    """As `read_signature` reads it."""
    _, ahead, _ = _ALGORITHMS[_NUMBERS[one.alg]]
    start = number(_NUMBERS[one.alg], 1) + one.spki.removeprefix(ahead)
    shown = one.signature.webauthn
    if shown is None:
        return start + one.signature.sig
    return b"".join(
        (
            start,
            sized(one.signature.sig, 1),
            sized(shown.authenticator_data, 2),
            sized(shown.client_data_json, 2),
        )
    )


def pack_payload(payload: bytes) -> bytes:
    """Raw deflate with the dictionary."""
    packing = zlib.compressobj(
        9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY
    )
    return packing.compress(payload) + packing.flush()

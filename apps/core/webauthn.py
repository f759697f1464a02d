"""What an authenticator signs: its own data and the browser's, around our challenge."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from .canonical import JsonValue, parse_json
from .envelope import WebauthnEvidence
from .errors import MalformedInput, UntrustedSignature

_MAX_CLIENT_DATA_BYTES: Final = 4_096
_HEADER_BYTES: Final = 37

# WebAuthn Level 3 section 6.1, the flags byte.
_USER_PRESENT: Final = 0x01
_USER_VERIFIED: Final = 0x04
_BACKUP_ELIGIBLE: Final = 0x08
_BACKED_UP: Final = 0x10
_ATTESTED: Final = 0x40
_EXTENSIONS: Final = 0x80


@dataclass(frozen=True, slots=True)
class WebauthnScope:
    """The relying party that genesis names: its id, and the origins of its pages."""

    rp_id: str
    origins: frozenset[str]


@dataclass(frozen=True, slots=True)
class AuthenticatorFlags:
    """What an authenticator said about the key: may it, and does it, live elsewhere."""

    is_backup_eligible: bool
    is_backed_up: bool


def authenticator_flags(data: bytes) -> AuthenticatorFlags:
    """The backup flags in authenticator data, kept for policy and for disputes.

    Raises:
        MalformedInput: shorter than its fixed part.
    """
    if len(data) < _HEADER_BYTES:
        raise MalformedInput("bad_length", field="authenticatorData")
    return AuthenticatorFlags(
        is_backup_eligible=bool(data[32] & _BACKUP_ELIGIBLE),
        is_backed_up=bool(data[32] & _BACKED_UP),
    )


def verify_assertion(
    *, evidence: WebauthnEvidence, pae: bytes, scope: WebauthnScope
) -> bytes:
    """Check everything but the signature; the bytes that it must cover are returned.

    1. The client data speak of an assertion over our challenge, SHA-256 of `pae`.
    2. They come from a page of ours, not from inside a foreign one.
    3. The authenticator spoke for our relying party, with a verified user.

    The signature counter is ignored: synced keys do not keep one.

    Raises:
        UntrustedSignature: naming what did not hold.
    Source: WebAuthn Level 3 section 7.2, steps 11 to 20.
    """
    client = _read_client_data(evidence.client_data_json)
    # 1.
    _demand("type", client.get("type"), "webauthn.get")
    digest = hashlib.sha256(pae).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    _demand("challenge", client.get("challenge"), challenge)
    # 2.
    origin = client.get("origin")
    if not isinstance(origin, str) or origin not in scope.origins:
        raise _untrusted("origin", origin, "a page of this ledger")
    if client.get("crossOrigin", False) is not False or "topOrigin" in client:
        raise _untrusted("crossOrigin", client.get("crossOrigin"), "no frame")
    # 3.
    _verify_authenticator(evidence.authenticator_data, scope.rp_id)
    client_digest = hashlib.sha256(evidence.client_data_json).digest()
    return evidence.authenticator_data + client_digest


def _read_client_data(data: bytes) -> dict[str, JsonValue]:
    try:
        client = parse_json(data, max_bytes=_MAX_CLIENT_DATA_BYTES, max_depth=8)
    except MalformedInput as error:
        raise _untrusted("clientDataJSON", error.code, "strict JSON") from error
    if not isinstance(client, dict):
        raise _untrusted("clientDataJSON", type(client).__name__, "an object")
    return client


def _verify_authenticator(data: bytes, rp_id: str) -> None:
    if len(data) < _HEADER_BYTES:
        raise _untrusted("authenticatorData", f"{len(data)} bytes", "37 or more")
    if data[:32] != hashlib.sha256(rp_id.encode("utf-8")).digest():
        raise _untrusted("rpIdHash", data[:32].hex(), rp_id)
    flags = data[32]
    needed = _USER_PRESENT | _USER_VERIFIED
    if flags & needed != needed:
        raise _untrusted("flags", f"{flags:#04x}", "user present and verified")
    is_odd_backup = flags & _BACKED_UP and not flags & _BACKUP_ELIGIBLE
    # An assertion attests no credential; bytes after the header are extensions.
    is_longer = len(data) > _HEADER_BYTES
    if is_odd_backup or flags & _ATTESTED or is_longer != bool(flags & _EXTENSIONS):
        raise _untrusted("flags", f"{flags:#04x}", "flags that fit the data")


def _demand(name: str, got: JsonValue, wanted: str) -> None:
    if got != wanted:
        raise _untrusted(name, got, wanted)


def _untrusted(name: str, got: JsonValue, wanted: str) -> UntrustedSignature:
    return UntrustedSignature(
        "bad_assertion", field=f"webauthn.{name}", got=got, wanted=wanted
    )

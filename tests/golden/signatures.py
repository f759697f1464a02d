"""Fixed signatures of P-256: ECDSA is randomised, so these were made once and stay."""

import base64
from typing import Any

from apps.core.envelope import Signature, WebauthnEvidence, pae
from apps.core.errors import TraceError
from apps.core.keys import keyid_of, load_public_key
from apps.core.signing import verify_signature
from apps.core.webauthn import WebauthnScope

SCOPE = WebauthnScope("ledger.example", frozenset({"https://ledger.example"}))
SPKI = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAErkjtqkZt5GoeHS40ly+ur6iS2nwUa6ghZ+NV"
    "rf7idWsKpqb9BOTtTv8BUhE+dcy0ZZQXK4SPlON5iKaExohK8A=="
)
P1363 = (
    "6sqeuUpkDaif+dCjwqjyzKmKVu1jPJpqxaZ47f0hZk9ueIBu/qmi30uBy0cXemX4ii1thpdS"
    "aC4NX/0HzEg4IA=="
)
DER = (
    "MEUCIH6YORxFhFGhsWnU3U39Yk2QNXDLR0Dud7Qdoo+qNEkhAiEArzRpQcHEVKaAW2+aD3SF"
    "VRN44v4Z3oUCG4jU+pm/pjQ="
)
AUTHENTICATOR_DATA = "CaYwQuZWawO/Pk8R4w3mv8y78kJnlGfCAuVMr+rTJywFAAAAAA=="
CLIENT_DATA = (
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiZ3ZzRjFpS1pyWVpJbnFmZkFy"
    "dVJ4U1N6NWFleXd5bmJSUUtrZm93RzJ0TSIsIm9yaWdpbiI6Imh0dHBzOi8vbGVkZ2VyLmV4"
    "YW1wbGUiLCJjcm9zc09yaWdpbiI6ZmFsc2V9"
)


def signature_vectors(payload_type: str, payload: bytes) -> list[dict[str, Any]]:
    """Signatures over one payload; `want_error` is "" where it verifies."""
    plain = {"alg": "ecdsa-p256-sha256", "spki_b64": SPKI, "sig": P1363}
    passkey = {
        "alg": "webauthn-es256",
        "spki_b64": SPKI,
        "sig": DER,
        "webauthn": {
            "authenticatorData": AUTHENTICATOR_DATA,
            "clientDataJSON": CLIENT_DATA,
        },
    }
    cases = [
        {"desc": "P-256, r and s", **plain},
        {"desc": "a passkey", **passkey},
        {"desc": "P-256, one bit flipped", **plain, "sig": _flip(P1363)},
        {"desc": "P-256, s and r", **plain, "sig": _swap(P1363)},
        {"desc": "P-256, r and s zero", **plain, "sig": _b64(bytes(64))},
        {"desc": "P-256 in DER", **plain, "sig": DER},
        {"desc": "P-256, a byte more", **plain, "sig": _b64(_raw(P1363) + b"\0")},
        {"desc": "a passkey without its data", **plain, "alg": "webauthn-es256"},
        {"desc": "P-256 with a passkey's data", **passkey, "alg": plain["alg"]},
        {"desc": "a passkey, one bit flipped", **passkey, "sig": _flip(DER)},
        {"desc": "a passkey in r and s", **passkey, "sig": P1363},
        {"desc": "a passkey, a byte after DER", **passkey, "sig": _b64(_raw(DER) + b"\0")},
        {"desc": "a passkey, user not verified", **passkey, "webauthn": _evidence(32, 1)},
        {"desc": "a passkey of another site", **passkey, "webauthn": _evidence(0, 0)},
    ]  # fmt: skip
    covered = pae(payload_type, payload)
    return [{**case, "want_error": _judge(case, covered)} for case in cases]


def _judge(case: dict[str, Any], covered: bytes) -> str:
    spki, shown = _raw(case["spki_b64"]), case.get("webauthn")
    evidence = None
    if shown is not None:
        evidence = WebauthnEvidence(
            _raw(shown["authenticatorData"]), _raw(shown["clientDataJSON"])
        )
    try:
        verify_signature(
            key=load_public_key(spki=spki, alg=case["alg"]),
            pae=covered,
            signature=Signature(keyid_of(spki), _raw(case["sig"]), evidence),
            webauthn=SCOPE,
        )
    except TraceError as error:
        return error.code
    return ""


def _evidence(place: int, value: int) -> dict[str, str]:
    data = bytearray(_raw(AUTHENTICATOR_DATA))
    data[place] = value
    return {"authenticatorData": _b64(bytes(data)), "clientDataJSON": CLIENT_DATA}


def _flip(text: str) -> str:
    data = bytearray(_raw(text))
    data[-1] ^= 1
    return _b64(bytes(data))


def _swap(text: str) -> str:
    return _b64(_raw(text)[32:] + _raw(text)[:32])


def _raw(text: str) -> bytes:
    return base64.b64decode(text)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()

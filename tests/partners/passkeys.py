"""A passkey in software: assertions as a browser and its authenticator make them."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from apps.core.envelope import Signature, WebauthnEvidence, build_envelope, pae
from apps.core.keys import WEBAUTHN_ES256, PublicKey, load_public_key
from apps.core.signing import public_key_of
from apps.core.strict import format_base64
from apps.core.webauthn import WebauthnScope


@dataclass
class Passkey:
    """A credential for the relying party that genesis names."""

    scope: WebauthnScope
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def public(self) -> PublicKey:
        return load_public_key(
            spki=public_key_of(self.private).spki, alg=WEBAUTHN_ES256
        )

    @property
    def wish(self) -> dict[str, str]:
        """The members by which a wish names it."""
        return {
            "spki_b64": format_base64(self.public.spki),
            "alg": self.public.alg,
        }

    def signature(self, payload_type: str, payload: bytes) -> Signature:
        """What an honest browser makes over these bytes."""
        covered = pae(payload_type, payload)
        return self.assertion(
            authenticator_data=self.authenticator_data(),
            client_data=self.client_data(covered),
        )

    def assertion(self, *, authenticator_data: bytes, client_data: bytes) -> Signature:
        """A signature that verifies, whatever it says."""
        signed = authenticator_data + hashlib.sha256(client_data).digest()
        sig = self.private.sign(signed, ec.ECDSA(hashes.SHA256()))
        return Signature(
            self.public.keyid, sig, WebauthnEvidence(authenticator_data, client_data)
        )

    def authenticator_data(
        self, *, flags: int = 0x05, rp_id: str = "", counter: int = 0
    ) -> bytes:
        digest = hashlib.sha256((rp_id or self.scope.rp_id).encode()).digest()
        return digest + bytes([flags]) + counter.to_bytes(4, "big")

    def client_data(self, covered: bytes, **changes: Any) -> bytes:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(covered).digest())
        said = {
            "type": "webauthn.get",
            "challenge": challenge.rstrip(b"=").decode(),
            "origin": min(self.scope.origins),
            "crossOrigin": False,
        } | changes
        return json.dumps(said).encode()

    def sign_envelope(self, payload_type: str, payload: bytes) -> Any:
        """An envelope that it alone signed."""
        return build_envelope(
            payload_type=payload_type,
            payload=payload,
            signatures=[self.signature(payload_type, payload)],
        )

"""Chromium's virtual authenticator: a passkey's device that agrees at once, or never.

The site under test is at http://localhost: an address of numbers is no relying party.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from playwright.sync_api import Page

from apps.core.webauthn import WebauthnScope
from tests.partners.passkeys import Passkey


@dataclass
class Authenticator:
    """One device of a page's browser; `wire` speaks the DevTools protocol with it."""

    page: Page
    wire: Any = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.wire = self.page.context.new_cdp_session(self.page)
        self.wire.send("WebAuthn.enable", {"enableUI": False})
        self.name = self._add()

    def _add(self) -> str:
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = self.wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return str(added["authenticatorId"])

    def verifies(self, *, is_user: bool) -> None:
        """Whether it recognises its person from now on."""
        self.wire.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self.name, "isUserVerified": is_user},
        )

    def lose(self) -> None:
        """The device is gone, with all of its passkeys."""
        self.wire.send(
            "WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.name}
        )

    def passkeys(self, scope: WebauthnScope) -> list[Passkey]:
        """What it holds, private keys too: to sign what no browser would."""
        held = self.wire.send(
            "WebAuthn.getCredentials", {"authenticatorId": self.name}
        )["credentials"]
        return [Passkey(scope, _private(each["privateKey"])) for each in held]

    def signs(self) -> int:
        """How often its passkeys have signed, by their counters."""
        held = self.wire.send(
            "WebAuthn.getCredentials", {"authenticatorId": self.name}
        )["credentials"]
        return sum(each["signCount"] for each in held)


def _private(pkcs8_b64: str) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(base64.b64decode(pkcs8_b64), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key

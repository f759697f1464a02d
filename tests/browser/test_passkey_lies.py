"""What an authenticator signs for somebody else, or in another way, is refused at the door."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Frame, Page

from apps.core.envelope import (
    STATEMENT_TYPE,
    Signature,
    WebauthnEvidence,
    build_envelope,
    envelope_bytes,
    pae,
)
from apps.core.errors import UntrustedSignature
from apps.exchange import queries as drafts
from apps.ledger.models import Statement
from apps.partners import queries
from pharmatrace.demo.cast import NOVAMED
from pharmatrace.demo.stage import Stage
from tests.browser.authenticators import Authenticator
from tests.browser.desk import (
    PLANT,
    keyring,
    make_passkey,
    own_key,
    sit_down,
    stage,
)
from tests.custody.goods import sscc
from tests.partners.passkeys import Passkey

__all__ = ["keyring", "sit_down", "stage"]
pytestmark = pytest.mark.journey


# What the browser's own assertions say, and the door refuses.

GET = """async ({ challenge, rpId, credential, verification }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
  const made = await navigator.credentials.get({ publicKey: {
    challenge: bytes(challenge), rpId, userVerification: verification,
    allowCredentials: [{ type: "public-key", id: bytes(credential) }],
  } });
  const { signature, authenticatorData, clientDataJSON } = made.response;
  return [signature, authenticatorData, clientDataJSON].map(text);
}"""


def draft_case(stage: Stage, number: int) -> bytes:
    wish = {
        "kind": "event",
        "step": "new_container",
        "site": PLANT.gln,
        "container": f"(00){sscc(number)}",
    }
    actor = stage.actor(NOVAMED)
    return drafts.draft(wish=wish, actor=actor, at=timezone.now()).payload


def browser_signature(
    page: Page | Frame,
    device: Authenticator,
    covered: bytes,
    *,
    verification: str = "required",
) -> Signature:
    held = device.wire.send("WebAuthn.getCredentials", {"authenticatorId": device.name})
    (credential,) = held["credentials"]
    sig, data, client = (
        base64.b64decode(part)
        for part in page.evaluate(
            GET,
            {
                "challenge": base64.b64encode(
                    hashlib.sha256(covered).digest()
                ).decode(),
                "rpId": "localhost",
                "credential": credential["credentialId"],
                "verification": verification,
            },
        )
    )
    return Signature(own_key().keyid, sig, WebauthnEvidence(data, client))


def over(payload: bytes, signature: Signature) -> bytes:
    return envelope_bytes(
        build_envelope(
            payload_type=STATEMENT_TYPE, payload=payload, signatures=[signature]
        )
    )


def heard(stage: Stage, envelope: bytes) -> tuple[str, str]:
    before = Statement.objects.count()
    stage.at = timezone.now()
    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope)
    assert Statement.objects.count() == before
    return refused.value.code, refused.value.field


def test_the_browsers_assertions_are_believed_for_this_site_and_statement_alone(
    stage: Stage, sit_down: Any, live_server: Any, settings: Any
) -> None:
    page = sit_down(NOVAMED)
    device = Authenticator(page)
    make_passkey(page)
    payload = draft_case(stage, 1)
    covered = pae(STATEMENT_TYPE, payload)
    good = browser_signature(page, device, covered)

    # Another statement's challenge.
    other = browser_signature(page, device, covered + b" ")
    assert heard(stage, over(payload, other)) == ("bad_assertion", "webauthn.challenge")

    # The authenticator did not recognise its person.
    device.verifies(is_user=False)
    lazy = browser_signature(page, device, covered, verification="discouraged")
    device.verifies(is_user=True)
    assert heard(stage, over(payload, lazy)) == ("bad_assertion", "webauthn.flags")

    # The same authenticator, asked by a page of another site on this host.
    with _another_site() as address:
        page.goto(address)
        foreign = browser_signature(page, device, covered)
    assert heard(stage, over(payload, foreign)) == ("bad_assertion", "webauthn.origin")

    # And a page of ours inside a frame of that site, as if we allowed frames.
    ours = f"{settings.SITE_URL}/framed"
    page.route(ours, lambda route: route.fulfill(body="<p>", content_type="text/html"))
    with _another_site(frames=ours) as address:
        page.goto(address)
        frame = page.frames[1]
        framed = browser_signature(frame, device, covered)
    assert framed.webauthn is not None
    assert json.loads(framed.webauthn.client_data_json)["crossOrigin"] is True
    assert heard(stage, over(payload, framed)) == (
        "bad_assertion",
        "webauthn.crossOrigin",
    )

    stage.at = timezone.now()
    assert stage.send(over(payload, good)).is_new


@contextmanager
def _another_site(*, frames: str = "") -> Iterator[str]:
    """A site of somebody else on this machine, perhaps with a frame of ours in it."""
    body = "<!doctype html><title>Other</title><p>Other"
    if frames:
        body += f'<iframe src="{frames}" allow="publickey-credentials-get"></iframe>'

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def test_what_no_browser_says_is_refused_even_from_the_credential_itself(
    stage: Stage, sit_down: Any
) -> None:
    """Signed by the authenticator's own key, taken out of its virtual device."""
    page = sit_down(NOVAMED)
    device = Authenticator(page)
    make_passkey(page)
    (passkey,) = device.passkeys(queries.get_genesis().webauthn)
    payload = draft_case(stage, 1)
    covered = pae(STATEMENT_TYPE, payload)
    good = browser_signature(page, device, covered)
    assert good.webauthn is not None
    data, client = good.webauthn.authenticator_data, good.webauthn.client_data_json

    def lie(*, authenticator: bytes = data, told: bytes = client) -> Signature:
        return passkey.assertion(authenticator_data=authenticator, client_data=told)

    create = client.replace(b"webauthn.get", b"webauthn.create")
    lies = {
        "type": lie(told=create),
        "rpIdHash": lie(authenticator=bytes(32) + data[32:]),
        "flags": lie(authenticator=data[:32] + bytes([data[32] & ~1]) + data[33:]),
        "authenticatorData": lie(authenticator=data[:36]),
    }
    for field, signature in lies.items():
        assert heard(stage, over(payload, signature)) == (
            "bad_assertion",
            f"webauthn.{field}",
        )
    for sig in (
        good.sig + b"\x00",
        b"\x30\x81" + good.sig[1:],
        Passkey(passkey.scope).signature(STATEMENT_TYPE, payload).sig,
    ):
        forged = Signature(good.keyid, sig, good.webauthn)
        assert heard(stage, over(payload, forged))[0] == "bad_signature"

    stage.at = timezone.now()
    counted = data[:33] + b"\xff\xff\xff\xff"
    assert stage.send(over(payload, lie(authenticator=counted))).is_new

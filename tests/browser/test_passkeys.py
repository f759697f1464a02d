"""Passkeys in the browser, from their making to what the door refuses of them.

The authenticator is Chromium's own virtual one: it makes real credentials for the
relying party `localhost`, and signs what the browser says, not what a test says.
"""

import base64
import hashlib
import json
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.core.envelope import (
    parse_envelope,
)
from apps.core.webauthn import authenticator_flags
from apps.ledger import queries as ledger
from apps.ledger.models import Statement
from apps.partners import queries
from apps.partners.models import KeyRequest
from pharmatrace.demo.cast import NOVAMED
from pharmatrace.demo.stage import Stage
from pharmatrace.fsck import check_statements
from tests.browser.authenticators import Authenticator
from tests.browser.desk import (
    fill_product,
    keyring,
    make_passkey,
    open_case,
    own_key,
    sit_down,
    stage,
)

__all__ = ["keyring", "sit_down", "stage"]
pytestmark = pytest.mark.journey


def test_a_passkey_is_made_enrolled_and_signs(stage: Stage, sit_down: Any) -> None:
    page = sit_down(NOVAMED)
    device = Authenticator(page)

    make_passkey(page)
    said = open_case(page, 1)

    key = own_key()
    asked = KeyRequest.objects.get()
    (credential,) = device.passkeys(queries.get_genesis().webauthn)
    assert credential.public.spki == bytes(key.spki)
    assert (asked.label, asked.keyid) == ("Nora's phone", key.keyid)
    held = device.wire.send("WebAuthn.getCredentials", {"authenticatorId": device.name})
    (held_id,) = (each["credentialId"] for each in held["credentials"])
    assert base64.b64decode(held_id) == base64.urlsafe_b64decode(
        asked.credential_id + "=="
    )
    assert said["keyid"] == key.keyid
    kept = parse_envelope(ledger.get_envelope(said["statement_id"]))
    (signature,) = kept.signatures
    assert signature.webauthn is not None
    client = json.loads(signature.webauthn.client_data_json)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(kept.pae).digest())
    assert client["challenge"] == challenge.rstrip(b"=").decode()
    assert client["origin"].startswith("http://localhost:")
    flags = authenticator_flags(signature.webauthn.authenticator_data)
    assert not flags.is_backed_up
    assert list(check_statements(at=stage.at)) == []


def test_a_passkey_signs_in_another_browser_of_its_person(
    stage: Stage, sit_down: Any
) -> None:
    """What was stored in the browser is gone; the site knows which one to ask for."""
    page = sit_down(NOVAMED)
    Authenticator(page)
    make_passkey(page)
    page.evaluate("indexedDB.deleteDatabase('pharmatrace-keys')")

    page.goto("/device")

    expect(page.get_by_role("row", name="Nora's phone")).to_contain_text("Passkey")
    assert open_case(page, 1)["keyid"] == own_key().keyid


def test_who_declines_signs_nothing_and_may_try_again(
    stage: Stage, sit_down: Any
) -> None:
    page = sit_down(NOVAMED)
    device = Authenticator(page)
    make_passkey(page)
    before = Statement.objects.count()

    device.verifies(is_user=False)
    fill_product(page)
    page.locator("[data-sign-review]").click()
    page.locator("[data-sign-go]:enabled").click()
    expect(page.get_by_text("The passkey was not used")).to_be_visible()
    assert Statement.objects.count() == before

    device.verifies(is_user=True)
    page.locator("[data-sign-go]:enabled").click()
    expect(page.get_by_text("Recorded as")).to_be_visible()
    assert Statement.objects.count() == before + 1


def test_a_browser_without_its_person_makes_no_passkey(
    stage: Stage, sit_down: Any
) -> None:
    page = sit_down(NOVAMED)
    device = Authenticator(page)
    device.verifies(is_user=False)
    page.goto("/device")
    page.fill("#device-label", "Phone")
    page.get_by_label("A passkey").check()

    page.click("[data-device-make] [type=submit]")

    expect(page.get_by_text("The passkey was not used")).to_be_visible()
    expect(page.get_by_text("This browser has no key of yours")).to_be_visible()
    assert not KeyRequest.objects.exists()

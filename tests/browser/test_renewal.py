"""Losing a key is normal: it is replaced in the browser, in one act."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.ledger.models import Statement
from apps.partners.models import KeyRequest, SigningKey
from pharmatrace.demo.cast import NOVAMED
from pharmatrace.demo.stage import Stage
from pharmatrace.fsck import check_statements
from tests.browser import steps
from tests.browser.authenticators import Authenticator
from tests.browser.desk import (
    keyring,
    make_passkey,
    open_case,
    own_key,
    sit_down,
    stage,
)

__all__ = ["keyring", "sit_down", "stage"]
pytestmark = pytest.mark.journey


def test_a_lost_phone_is_replaced_in_two_minutes(stage: Stage, sit_down: Any) -> None:
    page = sit_down(NOVAMED)
    lost = Authenticator(page)
    make_passkey(page)
    said = open_case(page, 1)
    old = own_key()
    lost.lose()
    Authenticator(page)

    page.goto("/device")
    page.get_by_role("button", name="Replace").click()
    page.fill("#device-label", "Nora's new phone")
    page.fill("#device-lost", f"{timezone.now():%Y-%m-%d}")
    page.click("[data-device-make] [type=submit]")
    expect(page.get_by_text("The request was sent")).to_be_visible()
    page.reload()

    expect(page.get_by_role("row", name="Nora's new phone")).to_contain_text(
        "Signs for you"
    )
    old.refresh_from_db()
    new = SigningKey.objects.get(algorithm="webauthn-es256", revoked_ms=None)
    assert old.revoked_ms == new.enrolled_ms  # one transaction, in this order
    place = Statement.objects.in_bulk([new.enrolled_by, old.revoked_by])
    assert place[new.enrolled_by].accept_no + 1 == place[old.revoked_by].accept_no
    # What the phone said since then wants another look, and gets it by one act.
    page.goto("/organisation/suspects")
    page.locator(f"input[value='{said['statement_id']}']").check()
    steps.sign(page, says="stands by 1 statement")
    page.goto(f"/ledger/statements/{said['statement_id']}")
    expect(page.get_by_text("its party has said it again")).to_be_visible()
    assert list(check_statements(at=stage.at)) == []


def test_an_administrator_renews_a_working_key_in_one_act(
    stage: Stage, sit_down: Any, settings: Any
) -> None:
    page = sit_down(NOVAMED)
    Authenticator(page)
    make_passkey(page)
    settings.DEMO = False  # nobody confirms but Nora herself
    old = own_key()

    page.goto("/device")
    page.get_by_role("button", name="Replace").click()
    page.get_by_label("This browser: signs when you press").check()
    page.fill("#device-label", "Desk")
    page.click("[data-device-make] [type=submit]")

    expect(page.get_by_text("The new key signs for you, and the old")).to_be_visible()
    old.refresh_from_db()
    new = SigningKey.objects.get(
        partner__gln=NOVAMED.gln, revoked_ms=None, is_genesis=False, algorithm="ed25519",
        enrolled_ms=old.revoked_ms,
    )  # fmt: skip
    assert old.suspect_since_ms is None
    assert open_case(page, 1)["keyid"] == new.keyid
    assert not KeyRequest.objects.filter(closed_at=None).exists()


def test_a_signers_key_is_replaced_when_the_admin_confirms(
    stage: Stage, sit_down: Any, settings: Any
) -> None:
    nils = NOVAMED.people[1]
    signer = sit_down(NOVAMED, nils)
    signer.goto("/device")
    signer.fill("#device-label", "Tablet")
    signer.click("[data-device-make] [type=submit]")
    expect(signer.get_by_text("The request was sent")).to_be_visible()
    old = SigningKey.objects.get(signer=nils.signer)
    settings.DEMO = False
    signer.reload()
    signer.get_by_role("button", name="Replace").click()
    signer.fill("#device-label", "New tablet")
    signer.fill("#device-lost", f"{timezone.now():%Y-%m-%d}")
    signer.click("[data-device-make] [type=submit]")
    expect(signer.get_by_text("The request was sent")).to_be_visible()
    assert SigningKey.objects.get(signer=nils.signer) == old

    admin = sit_down(NOVAMED)
    admin.goto("/device")
    admin.get_by_label("Key file (PEM)").set_input_files(
        stage.keyring.directory / NOVAMED.slug / "nora.pem"
    )
    admin.get_by_role("button", name="Keep this key in the browser").click()
    expect(admin.get_by_text("The key is in this browser now")).to_be_visible()
    admin.get_by_role("button", name="Sign: this key speaks for Nils Arndt").click()
    expect(admin.get_by_text("Recorded as")).to_have_count(2)

    old.refresh_from_db()
    new = SigningKey.objects.get(signer=nils.signer, revoked_ms=None)
    assert (old.revoked_ms, new.role) == (new.enrolled_ms, "signer")
    assert old.suspect_since_ms is not None
    signer.reload()
    expect(signer.get_by_role("row", name="New tablet")).to_contain_text(
        "Signs for you"
    )
    expect(signer.get_by_role("row", name="Tablet", exact=True)).to_have_count(0)

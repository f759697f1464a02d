"""A shift in the browser: one gesture of a passkey, then no further one.

The passkeys are those of Chromium's virtual authenticator, whose counter tells how often
it was asked.
"""

import base64
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.custody.models import Container
from apps.ledger.models import Statement
from apps.partners.models import LentVoice, Shift
from pharmatrace.demo.cast import NOVAMED, STELLA
from pharmatrace.demo.stage import Stage
from pharmatrace.fsck import check_statements
from tests.browser import steps
from tests.browser.authenticators import Authenticator
from tests.browser.desk import (
    DEPOT,
    PLANT,
    begin_shift,
    fill_product,
    keyring,
    make_passkey,
    open_case,
    own_key,
    sit_down,
    stage,
)
from tests.custody.goods import Goods, packs, serials, sscc

__all__ = ["keyring", "sit_down", "stage"]
pytestmark = pytest.mark.journey


def test_a_shift_begins_with_one_gesture_and_then_asks_nobody(
    stage: Stage, sit_down: Any
) -> None:
    page = sit_down(NOVAMED)
    device = Authenticator(page)
    make_passkey(page)
    signed = device.signs()

    begin_shift(page)
    assert device.signs() == signed + 1
    expect(page.locator(".shift-bar")).to_contain_text("Nora Vogt")
    expect(page.locator(".shift-bar")).to_contain_text(PLANT.name)
    said = [open_case(page, number) for number in (1, 2, 3)]

    assert device.signs() == signed + 1  # no further gesture
    shift, voice = Shift.objects.get(), LentVoice.objects.get()
    assert {each["keyid"] for each in said} == {shift.device_keyid}
    assert (voice.lender_id, voice.seen_in) == (
        own_key().keyid,
        said[0]["statement_id"],
    )
    assert Container.objects.filter(holder=NOVAMED.gln).count() == 3
    page.goto(f"/ledger/statements/{said[0]['statement_id']}")
    expect(page.get_by_role("main")).to_contain_text("Nora Vogt")
    assert list(check_statements(at=stage.at)) == []


def test_at_another_site_and_for_other_things_the_passkey_is_asked(
    stage: Stage, sit_down: Any
) -> None:
    page = sit_down(NOVAMED)
    device = Authenticator(page)
    make_passkey(page)
    begin_shift(page)
    signed = device.signs()

    elsewhere = open_case(page, 1, site=DEPOT.gln)
    fill_product(page)
    steps.sign(page, says="Respira")

    assert elsewhere["keyid"] == own_key().keyid
    assert device.signs() == signed + 2


def test_logging_out_takes_the_device_key_away(stage: Stage, sit_down: Any) -> None:
    page = sit_down(NOVAMED)
    Authenticator(page)
    make_passkey(page)
    begin_shift(page)
    assert len(shift_keys(page)) == 1
    copied = take_shift_key(page)

    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "/accounts/" not in url or "login" in url)

    expect(page.locator(".shift-bar")).to_have_count(0)
    assert shift_keys(page) == []
    # Nor would a copy of it help: the site knows that the shift is over.
    assert copied == Shift.objects.get().device_keyid
    assert Shift.objects.get().ended_at is not None


KEYS = """async () => {
  const { listShiftKeys } = await import("/static/js/keys.js");
  return (await listShiftKeys()).map((key) => key.keyid);
}"""


def shift_keys(page: Page) -> list[str]:
    found: list[str] = page.evaluate(KEYS)
    return found


def take_shift_key(page: Page) -> str:
    """Its id; the key itself cannot be taken out."""
    (keyid,) = shift_keys(page)
    exported = page.evaluate(
        """async () => {
          const { listShiftKeys } = await import("/static/js/keys.js");
          const [key] = await listShiftKeys();
          try { await crypto.subtle.exportKey("pkcs8", key.privateKey); return "EXPORTED"; }
          catch (error) { return error.name; }
        }"""
    )
    assert exported == "InvalidAccessError"
    return keyid


def test_ending_a_shift_or_the_passkey_ends_what_the_device_may(
    stage: Stage, sit_down: Any
) -> None:
    page = sit_down(NOVAMED)
    Authenticator(page)
    make_passkey(page)
    begin_shift(page)
    page.get_by_role("button", name="End the shift").click()
    expect(page.get_by_text("The shift is ended")).to_be_visible()
    assert shift_keys(page) == []

    begin_shift(page)
    stale = """async (wish) => {
      const { askDraft, checkDraft, sendStatement, signDraft } = await import("/static/js/drafts.js");
      const { listShiftKeys } = await import("/static/js/keys.js");
      const draft = await checkDraft(await askDraft(wish), document.body.dataset.gln);
      const [key] = await listShiftKeys();
      try { await sendStatement(await signDraft(draft, key)); return "ACCEPTED"; }
      catch (error) { return error.document.code; }
    }"""
    wish = {
        "kind": "event",
        "step": "new_container",
        "site": PLANT.gln,
        "container": f"(00){sscc(9)}",
    }
    Shift.objects.filter(ended_at=None).update(ended_at=timezone.now())
    assert page.evaluate(stale, wish) == "shift_ended"
    Shift.objects.update(ended_at=None)
    stage.at = timezone.now()
    stage.act(
        NOVAMED,
        {"kind": "key.revoke", "keyid": own_key().keyid, "reason": "phone lost"},
    )
    assert page.evaluate(stale, wish) == "revoked_key"
    page.goto("/stock")  # and the site knows that it is over
    expect(page.locator(".shift-bar")).to_have_count(0)
    assert shift_keys(page) == []


def test_a_delegation_that_says_another_thing_is_not_signed(
    stage: Stage, sit_down: Any
) -> None:
    page = sit_down(NOVAMED)
    device = Authenticator(page)
    make_passkey(page)
    signed = device.signs()

    def forge(route: Any) -> None:
        answer = route.fetch()
        said = answer.json()
        payload = base64.b64decode(said["payload"]).decode()
        said["payload"] = base64.b64encode(
            payload.replace(PLANT.gln, DEPOT.gln).encode()
        ).decode()
        route.fulfill(response=answer, json=said)

    page.route("**/shift/draft", forge)
    page.goto("/shift")

    expect(page.get_by_text("Nothing was signed. Tell the operator.")).to_be_visible()
    expect(page.locator("[data-shift-go]")).to_be_disabled()
    assert device.signs() == signed


def test_a_pharmacist_supplies_through_a_shift(stage: Stage, sit_down: Any) -> None:
    """The counter: one gesture in the morning, then scan, press, scan, press."""
    goods = Goods(stage)
    goods.commission(count=3)
    goods.deliver(packs(serials(3)))
    page = sit_down(STELLA)
    device = Authenticator(page)
    page.goto("/device")
    page.fill("#device-label", "Stella's phone")
    page.get_by_label("A passkey").check()
    page.click("[data-device-make] [type=submit]")
    expect(page.get_by_text("The request was sent")).to_be_visible()
    begin_shift(page, site=STELLA.sites[0].gln, hours="4")
    signed = device.signs()

    for name in serials(3):
        steps.dispense(page, name)

    assert device.signs() == signed
    supplies = Statement.objects.filter(by=STELLA.gln, kind="event").order_by("-pk")
    shift = Shift.objects.get()
    assert sum(each.keyids == shift.device_keyid for each in supplies) == 3

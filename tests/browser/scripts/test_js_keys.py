"""Keys of the browser: nobody can take one out, losing one is explained."""

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from playwright.sync_api import expect

from apps.core.envelope import STATEMENT_TYPE, envelope_json
from apps.core.keys import public_key_of
from apps.core.signing import sign_envelope
from tests.browser.scripts.conftest import INSECURE
from tests.browser.scripts.sayings import (
    accepted,
    draft_enrolment,
    key_in,
    make_key,
    verify_envelope,
)

pytestmark = pytest.mark.browser
DEVICE = {"enrolled": [], "may_take_file": True}
ADMIN_KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
EXPORTS = """
async () => {
  const { listKeys } = await import("/static/js/keys.js");
  const [key] = await listKeys("7");
  const tried = {};
  for (const form of ["pkcs8", "jwk", "raw"]) {
    try { await crypto.subtle.exportKey(form, key.privateKey); tried[form] = "EXPORTED"; }
    catch (error) { tried[form] = error.name; }
  }
  return tried;
}
"""


@pytest.fixture
def page(stage, open_page):
    return open_page(stage.show("/device", "device.html", device=DEVICE, requests=[]))


def ask_for_a_key(page):
    page.get_by_label("Name of this device").fill("Counter 2")
    page.get_by_role("button", name="Make a key and ask for confirmation").click()


def take_file(page, pem, passphrase):
    page.get_by_label("Key file").set_input_files(
        {"name": "stella.pem", "mimeType": "application/x-pem-file", "buffer": pem}
    )
    page.get_by_label("Passphrase").fill(passphrase)
    page.get_by_role("button", name="Keep this key in the browser").click()


def pem_of(key, passphrase):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption(),
    )


def test_a_private_key_cannot_be_taken_out_of_the_browser(page):
    make_key(page)

    assert page.evaluate(EXPORTS) == {
        "pkcs8": "InvalidAccessError",
        "jwk": "InvalidAccessError",
        "raw": "InvalidAccessError",
    }


def test_a_key_is_still_there_after_the_page_is_opened_again(page):
    made = make_key(page)
    page.reload()

    assert key_in(page) == made


def test_a_key_belongs_to_the_person_who_made_it(page):
    make_key(page)

    others = page.evaluate(
        'async () => (await import("/static/js/keys.js")).findKey("8")'
    )

    assert others is None


def test_a_new_key_proves_possession_and_waits_for_an_administrator(stage, page):
    drafted = []

    def draft(sent):
        drafted.append(draft_enrolment(sent.json))
        return 200, drafted[0].as_json()

    stage.answers["/api/v1/drafts"] = draft
    stage.answers["/keys/requests"] = lambda sent: (201, {"id": 1})

    ask_for_a_key(page)

    expect(page.get_by_role("status").first).to_contain_text("The request was sent")
    expect(page.get_by_role("row", name="Counter 2")).to_contain_text(
        "Waits for an administrator"
    )
    [asked] = stage.sent_to("/keys/requests")
    assert asked.json["label"] == "Counter 2"
    envelope = json_bytes(asked.json["envelope"])
    assert verify_envelope(envelope, key_in(page)).payload == drafted[0].payload


def json_bytes(value):
    return json.dumps(value).encode()


def test_a_refused_request_leaves_no_key_behind(stage, page):
    stage.answers["/api/v1/drafts"] = lambda sent: (
        403,
        {"code": "not_allowed", "detail": "You may not sign."},
    )

    ask_for_a_key(page)

    expect(page.locator("[data-device-says]")).to_contain_text("You may not sign.")
    expect(page.get_by_text("This browser has no key of yours")).to_be_visible()


def test_a_key_that_the_site_enrolled_is_said_to_sign(stage, open_page, page):
    keyid = make_key(page).keyid
    device = {**DEVICE, "enrolled": [keyid]}

    page = open_page(stage.show("/device", "device.html", device=device, requests=[]))

    expect(page.get_by_role("row", name="Counter 2")).to_contain_text("Signs for you")


def test_an_administrator_signs_the_same_bytes_beside_the_new_key(stage, open_page):
    page = open_page(stage.show("/first", "device.html", device=DEVICE, requests=[]))
    admin = make_key(page)
    asking = public_key_of(ADMIN_KEY)
    draft = draft_enrolment(
        {"spki_b64": "AA==", "alg": "ed25519", "label": "Counter 2"}
    )
    stage.answers["/api/v1/statements"] = lambda sent: (
        201,
        accepted(draft.statement_id),
    )
    request = {"person": "Ben Sommer", "label": "Counter 2", "keyid": asking.keyid}
    request["envelope"] = json_bytes(signed(draft)).decode()
    page.goto(stage.show("/device", "device.html", device=DEVICE, requests=[request]))

    page.get_by_role("button", name="Sign: this key speaks for Ben Sommer").click()

    expect(page.locator("[data-request-says]")).to_contain_text("Recorded as")
    [sent] = stage.sent_to("/api/v1/statements")
    assert verify_envelope(sent.body, admin, asking).payload == draft.payload


def signed(draft):
    return envelope_json(
        sign_envelope(
            payload_type=STATEMENT_TYPE,
            payload=draft.payload,
            private_keys=[ADMIN_KEY],
        )
    )


@pytest.mark.parametrize("passphrase", ["", "sechs Kühe im Schnee"])
@pytest.mark.parametrize(
    "private_key", [ADMIN_KEY, ec.generate_private_key(ec.SECP256R1())]
)
def test_a_key_file_is_taken_in_and_cannot_be_taken_out(page, private_key, passphrase):
    take_file(page, pem_of(private_key, passphrase), passphrase)

    expect(page.get_by_text("The key is in this browser now")).to_be_visible()
    assert key_in(page) == public_key_of(private_key)
    assert set(page.evaluate(EXPORTS).values()) == {"InvalidAccessError"}


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        (pem_of(ADMIN_KEY, "right"), "The passphrase does not open this file."),
        (
            pem_of(ec.generate_private_key(ec.SECP384R1()), ""),
            "not an Ed25519 or P-256 key",
        ),
        (
            b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----",
            "not an Ed25519",
        ),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END", "not an Ed25519"),
        (b"ssh-ed25519 AAAA", "not an Ed25519"),
    ],
)
def test_a_file_that_is_no_key_is_refused_in_words(page, pem, said):
    take_file(page, pem, "wrong")

    expect(page.locator("[data-device-says]")).to_contain_text(said)
    assert (
        page.evaluate('async () => (await import("/static/js/keys.js")).listKeys("7")')
        == []
    )


def test_an_address_that_is_not_secure_is_explained_and_offers_no_button(
    stage, open_page
):
    url = stage.show("/device", "device.html", device=DEVICE, requests=[])

    page = open_page(url.replace(stage.url, INSECURE))

    expect(page.locator("[data-device-says]")).to_contain_text("Open the site by https")
    expect(page.get_by_role("button", name="Make a key")).to_be_hidden()

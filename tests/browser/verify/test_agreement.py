"""In Chromium too, whose cryptography is another than Node's: the same answers as Python."""

import random

import pytest
from cryptography.exceptions import InvalidSignature

from apps.core.keys import ED25519, load_public_key
from tests.agreement.engine import b64
from tests.agreement.judging import ask_python
from tests.agreement.scenes import SCENES
from tests.agreement.test_tampering import scene, tampered
from tests.browser.verify.modules import ask_page, expose
from tests.core.signing.test_keys import ED25519_SPKI_HEAD, cctv_keys
from tests.vectors import load_json

LIES = 8  # each scene
_IS_SIGNATURE = """(texts) => {
  const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  return globalThis.verifier.isEd25519Signature(...texts.map(bytes));
}"""


@pytest.fixture
def page(open_saved):
    """The saved page, and the modules of its script within reach."""
    page = open_saved()
    expose(page, "verifyFiles", "isEd25519Signature")
    return page


def test_chromium_says_what_python_says(page):
    for name in SCENES:
        rng = random.Random(f"chromium {name}")
        questions = [scene(name).question()]
        questions += [tampered(rng, name) for _ in range(LIES)]
        for number, question in enumerate(questions):
            wanted = ask_python(question).comparable()
            assert ask_page(page, question).comparable() == wanted, (name, number)


def test_odd_points_are_judged_as_by_openssl(page):
    _, good = cctv_keys()
    judged = 0
    for case in load_json("crypto/C2SP-CCTV/ed25519/ed25519vectors.json"):
        if case["key"] not in good:
            continue
        raw, sig = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
        message = case["msg"].encode()
        key = load_public_key(spki=ED25519_SPKI_HEAD + raw, alg=ED25519)
        try:
            key.loaded.verify(sig, message)
            wanted = True
        except InvalidSignature:
            wanted = False
        said = page.evaluate(_IS_SIGNATURE, [b64(raw), b64(sig), b64(message)])
        assert said is wanted, case
        judged += 1
    assert judged > 15

"""What is given to the saved page, and whom its reader believes."""

import struct
from zlib import compress, crc32

from playwright.sync_api import expect

from tests.agreement.mutations import dumped
from tests.agreement.scenes import quantum, unrooted
from tests.browser.verify.test_saved import PROOF, give, step, verdict


def test_it_says_whom_it_believes_and_believes_somebody_else(open_saved):
    page = open_saved()
    words = page.locator("[data-trust-words]")
    expect(words).to_contain_text("the operator of this site hands out")
    give(page, PROOF)
    expect(verdict(page)).to_have_text("Holds")

    page.get_by_text("Believe somebody else").click()
    own = quantum().policy
    file = {"name": "mine", "mimeType": "text/plain", "buffer": own}
    page.set_input_files("[data-policy-file]", file)

    expect(verdict(page)).to_have_text("Does not hold")
    expect(step(page, 9)).to_contain_text("no_quorum")
    expect(words).to_contain_text("You believe what you brought")
    page.get_by_role("button", name="Back to what this page came with").click()
    expect(verdict(page)).to_have_text("Holds")
    page.fill("#verify-policy-paste", "log nonsense")
    page.locator("#verify-policy-paste").blur()
    expect(page.locator("[data-believed]")).to_contain_text("bad_key")
    expect(step(page, 1)).to_contain_text("bad_key")


def test_an_own_genesis_is_asked_for_without_mercy(open_saved):
    page = open_saved()
    page.get_by_text("Believe somebody else").click()
    page.fill("#verify-genesis", "nonsense")
    page.locator("#verify-genesis").blur()
    expect(page.get_by_text("This is not 64 digits")).to_be_visible()

    page.fill("#verify-genesis", "0a" * 32)
    page.locator("#verify-genesis").blur()
    give(page, PROOF)

    expect(page.locator(".band")).to_contain_text("another ledger's first statement")
    expect(step(page, 4)).to_contain_text("wrong_genesis")


def test_without_a_genesis_the_signer_is_nobody(open_saved):
    page = open_saved(genesis_id="")

    give(page, unrooted().documents[0])

    expect(verdict(page)).to_have_text("Holds in part")
    expect(page.locator(".band")).to_contain_text("Whose keys signed is not shown")


def test_text_may_be_pasted_and_evidence_taken_away(open_saved):
    page = open_saved()
    page.fill("#verify-pasted", dumped(PROOF).decode())
    page.get_by_role("button", name="Check this text").click()
    expect(verdict(page)).to_have_text("Holds")
    expect(page.locator("#verify-pasted")).to_have_value("")

    page.get_by_role("button", name="Remove pasted text 1").click()

    expect(page.locator("#verdict")).to_have_count(0)
    expect(page.locator("[data-report]")).to_be_empty()


def test_files_may_be_dropped(open_saved):
    page = open_saved()

    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "proof.json", { type: "application/json" }));
          const event = (name) => new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true });
          document.querySelector("[data-drop]").dispatchEvent(event("dragover"));
          document.querySelector("[data-drop]").dispatchEvent(event("drop"));
        }""",
        dumped(PROOF).decode(),
    )

    expect(verdict(page)).to_have_text("Holds")
    expect(page.locator("[data-given]")).to_contain_text("proof.json")


def test_what_is_no_evidence_is_said_plainly(open_saved):
    page = open_saved()

    for text, says in (
        ("hello", "bad_hex"),
        ("{", "not_json"),
        ("[]", "bad_hex"),
        ('{"a":1,"a":2}', "duplicate_name"),
        ("PTP1:123", "code_damaged"),
        ("https://x.example/#PTP1:12", "bad_digits"),
    ):
        page.fill("#verify-pasted", text)
        page.get_by_role("button", name="Check this text").click()
        expect(step(page, 1)).to_contain_text(says)
        page.locator("[data-given] button").click()
        expect(page.locator("#verdict")).to_have_count(0)


def test_a_code_in_the_address_is_read(open_saved):
    page = open_saved(fragment="#PTP1:123")

    expect(step(page, 1)).to_contain_text("code_damaged")
    expect(page.locator("[data-given]")).to_contain_text("code in the address")
    expect(page.locator(".band")).to_contain_text("not read or copied whole")


READER = """globalThis.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect() { return [{ rawValue: "https://x.example/verify#PTP1:123" }]; }
};"""


def png() -> bytes:
    """One grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", crc32(body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = compress(b"\0\x80")
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


PICTURE = {"name": "code.png", "mimeType": "image/png", "buffer": png()}


def test_a_picture_is_read_where_the_browser_can(open_saved):
    page = open_saved(script=READER)

    page.set_input_files("[data-files]", PICTURE)

    expect(step(page, 1)).to_contain_text("code_damaged")
    expect(page.locator("[data-given]")).to_contain_text("code.png")


def test_where_it_cannot_the_page_says_what_to_do(open_saved):
    page = open_saved(script="delete globalThis.BarcodeDetector;")

    page.set_input_files("[data-files]", PICTURE)

    expect(page.locator("[data-problem]")).to_contain_text(
        "Scan the code with the camera app"
    )
    expect(page.locator("[data-camera]")).to_be_hidden()

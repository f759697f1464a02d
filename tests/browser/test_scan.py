"""A pharmacist scans: by camera, hand scanner, keyboard and photograph."""

import base64
import re
from datetime import date
from io import BytesIO

import pytest
from playwright.sync_api import expect

from apps.scan.labels.pack import Pack
from apps.scan.labels.symbols import datamatrix, qr
from pharmatrace.demo.cast import AMOXIL, STELLA
from tests.cast import keyring
from tests.scan.conftest import chain
from tests.scan.decoding import picture
from tests.scan.packs import LOT

__all__ = ["chain", "keyring"]

# A camera whose picture the test draws: no device, no file to be swapped.
CAMERA = """(() => {
  const canvas = document.createElement("canvas");
  canvas.width = 1280; canvas.height = 720;
  const paper = canvas.getContext("2d");
  const clear = () => { paper.fillStyle = "#888"; paper.fillRect(0, 0, 1280, 720); };
  clear();
  globalThis.showCode = async (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    clear();
    paper.imageSmoothingEnabled = false;
    paper.fillStyle = "#fff"; paper.fillRect(380, 100, 520, 520);
    paper.drawImage(image, 420, 140, 440, 440);
  };
  setInterval(() => paper.fillRect(0, 0, 1, 1), 50);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(15);
})()"""


@pytest.fixture
def counter(chain, login, page):
    """Stella's page at the counter, with the camera of the test."""
    login(chain.actor(STELLA).user)
    page.add_init_script(CAMERA)
    page.goto("/scan")
    return page


def label(chain, number):
    return Pack(
        "Amoxil 500 mg", AMOXIL.gtin, LOT, chain.names[number], date(2029, 2, 28)
    )


def png(modules):
    out = BytesIO()
    picture(modules).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def word(page):
    return page.locator("#verdict-word")


def test_the_camera_reads_datamatrix_and_qr_one_after_the_other(counter, chain):
    requests = []
    counter.on("request", lambda request: requests.append(request.url))
    counter.get_by_role("button", name="Use the camera").click()
    for number, draw in enumerate(
        [datamatrix, lambda one: qr(one, stem="https://x.example")]
    ):
        counter.evaluate("text => showCode(text)", png(draw(label(chain, number))))

        expect(word(counter)).to_have_text(re.compile("Dispense"))
        shown = counter.locator(".band-pack .code").last
        expect(shown).to_have_text(chain.names[number])
    chain.do(STELLA, "dispense", items=[chain.epc(2)])
    counter.evaluate("text => showCode(text)", png(datamatrix(label(chain, 2))))

    expect(word(counter)).to_have_text(re.compile("Hold"))
    expect(counter.locator(".strip li")).to_have_count(3)
    assert [
        url for url in requests if "localhost" not in url and "blob:" not in url
    ] == []


def test_a_hand_scanner_works_whatever_has_the_focus(counter, chain):
    counter.locator("#site-search").focus()
    scan_by_hand(counter, chain.code(0), "Enter")

    expect(word(counter)).to_have_text(re.compile("Dispense"))
    expect(counter.locator("[data-scan-field]")).to_have_value("")
    expect(counter.locator("[data-scan-field]")).to_be_focused()


def test_a_scanner_without_separator_is_asked_about(counter, chain):
    scan_by_hand(counter, chain.code(0, gs=""), "Enter")

    expect(word(counter)).to_have_text(re.compile("Ask"))
    counter.get_by_role("link", name="The pack in my hand says this").click()
    expect(word(counter)).to_have_text(re.compile("Dispense"))


def test_a_typed_code_and_the_sentence_to_be_signed(counter, chain):
    typed = f"(01){AMOXIL.gtin}(21){chain.names[1]}"
    counter.locator("[data-scan-field]").type(typed, delay=70)
    counter.get_by_role("button", name="Check this code").click()

    expect(word(counter)).to_have_text(re.compile("Dispense"))
    expect(counter.locator("[data-sign-words]")).to_contain_text("Stella Pharmacy")
    expect(counter.locator("[data-sign-go]")).to_be_enabled()


# A millisecond from key to key, as a scanner sends them, however busy we are.
BURST = """(keys) => keys.forEach((key, number) => {
  const isGs = key === "\\u001d";
  const init = isGs ? { key: "]", code: "BracketRight", ctrlKey: true } : { key };
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
  if (!number) globalThis.burstAt = performance.now();
  Object.defineProperty(event, "timeStamp", { value: globalThis.burstAt + number });
  (document.activeElement ?? document.body).dispatchEvent(event);
})"""


def scan_by_hand(page, text, *endings):
    page.evaluate(BURST, [*text, *endings])


def test_enter_signs_what_the_page_shows(counter, chain):
    scan_by_hand(counter, chain.code(0), "Enter")
    expect(counter.locator("[data-sign-go]")).to_be_enabled()
    counter.wait_for_timeout(900)
    counter.keyboard.press("Enter")

    # This profile has no key yet: the signature was asked for, and says what to do.
    expect(counter.locator("[data-sign-problem] a")).to_have_attribute(
        "href", "/device"
    )


def test_a_scanner_that_ends_with_two_enters_signs_nothing(counter, chain):
    counter.clock.install(time=0)
    counter.clock.pause_at(10_000)
    for number in (0, 1):
        scan_by_hand(counter, chain.code(number), "Enter", "Enter")
        shown = counter.locator(".band-pack .code").last
        expect(shown).to_have_text(chain.names[number])
        counter.clock.run_for(300)
        expect(counter.locator("[data-sign-go]")).to_be_enabled()
    counter.keyboard.press("Enter")
    counter.clock.run_for(300)

    expect(counter.locator("[data-sign-go]")).to_be_enabled()
    expect(counter.locator("[data-sign-problem]")).to_be_empty()


def test_enter_waits_for_the_verdict_on_the_last_scan(counter, chain):
    scan_by_hand(counter, chain.code(0), "Enter")
    expect(counter.locator("[data-sign-go]")).to_be_enabled()
    counter.route("**/scan?code=*", lambda route: None)  # an answer that never comes
    scan_by_hand(counter, chain.code(1), "Enter")
    counter.wait_for_timeout(900)
    counter.keyboard.press("Enter")

    expect(counter.locator("[data-sign-problem]")).to_be_empty()


def test_a_photo_is_read_in_the_browser(counter, chain):
    photo = {
        "name": "label.png",
        "mimeType": "image/png",
        "buffer": base64.b64decode(png(datamatrix(label(chain, 3)))),
    }
    counter.locator("[data-scanner-photo]").set_input_files(photo)

    expect(word(counter)).to_have_text(re.compile("Dispense"))


def test_the_verdict_stays_in_sight_of_a_small_screen(counter, chain):
    counter.set_viewport_size({"width": 390, "height": 844})
    counter.goto(f"/scan?code={chain.epc(0)}")

    expect(counter.locator("[data-scan-field]")).to_be_focused()
    expect(word(counter)).to_be_in_viewport()
    assert counter.evaluate("scrollY") == 0


def test_hostile_text_stays_text(counter):
    counter.goto("/scan?code=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")

    expect(word(counter)).to_have_text(re.compile("Ask"))
    assert counter.locator("img").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_are_accessible_and_fit(counter, chain, assert_accessible, width):
    counter.set_viewport_size({"width": width, "height": 900})
    chain.recall(scope={"lots": [LOT], "serials": [chain.names[5]]})
    for path in (
        "/scan",
        f"/scan?code={chain.epc(0)}",
        f"/scan?code={chain.epc(5)}",
        f"/scan?code={AMOXIL.gtin}",
        f"/scan/sign/hold?code={chain.epc(0)}",
        "/search?q=moxil",
        "/search?q=nothing-like-it",
        f"/01/{AMOXIL.gtin}/10/{LOT}/21/{chain.names[0]}",
        f"/01/{AMOXIL.gtin}/21/{chain.names[5]}",
    ):
        counter.goto(path)
        assert_accessible(counter)
        overflow = "document.documentElement.scrollWidth - innerWidth"
        assert counter.evaluate(overflow) <= 0, path

"""The camera reads packs under our own content policy, and says plainly when not."""

import base64
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from django.contrib.staticfiles import finders
from PIL import Image
from playwright.sync_api import expect

from tests.browser.scripts.conftest import INSECURE
from tests.browser.scripts.stage import render

pytestmark = pytest.mark.browser
HRI = "(01)09521568251204(17)280229(10)A123(21)S1K7Q2MZ9P"
ELEMENTS = "010952156825120417280229" + "10A123\x1d" + "21S1K7Q2MZ9P"
LINK = "https://id.example/01/09521568251204/10/A123/21/S1K7Q2MZ9P?17=280229"
# A camera made of a canvas: showCode draws what lies before it.
CAMERA = """
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 1280, height: 720 });
  const paper = canvas.getContext("2d");
  const clear = () => { paper.fillStyle = "#888"; paper.fillRect(0, 0, 1280, 720); };
  clear();
  globalThis.showCode = async (b64, size) => {
    const bytes = Uint8Array.from(atob(b64), (char) => char.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    clear();
    paper.imageSmoothingEnabled = false;
    paper.fillStyle = "#fff";
    paper.fillRect(640 - size * 0.6, 360 - size * 0.6, size * 1.2, size * 1.2);
    paper.drawImage(picture, 640 - size / 2, 360 - size / 2, size, size);
  };
  setInterval(() => paper.fillRect(0, 0, 1, 1), 50);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(15);
"""
DENIED = """
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "%s"));
"""


def picture_of(text, kind, *, gs1=False):
    options = {"gs1": True} if gs1 else {}
    code = zxingcpp.create_barcode(text, kind, **options)
    out = BytesIO()
    Image.fromarray(code.to_image(scale=4)).save(out, "PNG")
    return out.getvalue()


DATAMATRIX = picture_of(HRI, zxingcpp.BarcodeFormat.DataMatrix, gs1=True)
QR = picture_of(LINK, zxingcpp.BarcodeFormat.QRCode)


@pytest.fixture(autouse=True)
def decoder():
    if not finders.find("vendor/zxing/index.js"):
        pytest.skip("NO DECODER: run npm ci; the camera was not tried")


def show_scan(stage, target=""):
    scanner = {"action": "/scan", "target": target}
    return stage.show("/scan", "scan.html", scanner=scanner)


def point_at(page, picture, size=300):
    page.evaluate(
        "([b64, size]) => showCode(b64, size)",
        [base64.b64encode(picture).decode(), size],
    )


def start_camera(page):
    page.get_by_role("button", name="Use the camera").click()


@pytest.mark.parametrize(
    ("picture", "size", "code"),
    [
        (DATAMATRIX, 300, "]d2" + ELEMENTS),
        (DATAMATRIX, 66, "]d2" + ELEMENTS),
        (QR, 300, LINK),
    ],
    ids=["datamatrix", "small datamatrix", "qr"],
)
def test_the_camera_reads_a_code_and_opens_its_verdict(
    stage, open_page, picture, size, code
):
    page = open_page(show_scan(stage), init_scripts=[CAMERA])
    point_at(page, picture, size)

    start_camera(page)
    page.wait_for_url("**/scan?code=*")

    assert parse_qs(urlsplit(page.url).query) == {"code": [code]}


def test_the_picture_never_leaves_the_browser(stage, open_page):
    page = open_page(show_scan(stage), init_scripts=[CAMERA])
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    point_at(page, DATAMATRIX)

    start_camera(page)
    page.wait_for_url("**/scan?code=*")

    assert [url for url in asked if not url.startswith(stage.url)] == []
    assert stage.sent == []


def test_a_run_of_packs_shows_each_verdict_in_the_page(stage, open_page):
    page = open_page(show_scan(stage, target="#verdict"), init_scripts=[CAMERA])
    stage.pages["/scan"] = band("Dispense", "S1K7Q2MZ9P")
    point_at(page, DATAMATRIX)
    start_camera(page)
    expect(page.locator("#verdict")).to_contain_text("Dispense")

    stage.pages["/scan"] = band("Hold", "")
    point_at(page, QR)

    expect(page.locator("#verdict")).to_contain_text("Hold")
    assert len([path for path in stage.asked if path.startswith("/scan?code=")]) == 2


def band(word, serial):
    return render(
        "_verdict_band.html", band={"state": "go", "word": word, "serial": serial}
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("NotAllowedError", "may not use the camera"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "does not answer"),
    ],
)
def test_a_camera_that_cannot_be_used_is_explained(stage, open_page, error, said):
    page = open_page(show_scan(stage), init_scripts=[DENIED % error])

    start_camera(page)

    expect(page.locator("[data-scanner-status]")).to_contain_text(said)


def test_a_photo_is_read_in_the_browser(stage, open_page):
    page = open_page(show_scan(stage))

    page.get_by_label("Or a photo of the code").set_input_files(
        {"name": "pack.png", "mimeType": "image/png", "buffer": DATAMATRIX}
    )
    page.wait_for_url("**/scan?code=*")

    assert parse_qs(urlsplit(page.url).query) == {"code": ["]d2" + ELEMENTS]}


def test_a_photo_without_a_code_says_how_to_take_a_better_one(stage, open_page):
    page = open_page(show_scan(stage))
    blank = BytesIO()
    Image.new("L", (400, 300), 255).save(blank, "PNG")

    page.get_by_label("Or a photo of the code").set_input_files(
        {"name": "pack.png", "mimeType": "image/png", "buffer": blank.getvalue()}
    )

    expect(page.locator("[data-scanner-status]")).to_contain_text(
        "Hold the camera closer"
    )


def test_without_a_secure_address_scanner_and_typing_still_work(stage, open_page):
    page = open_page(show_scan(stage).replace(stage.url, INSECURE))

    expect(page.locator("[data-scanner-status]")).to_contain_text("gives no camera")
    expect(page.get_by_role("button", name="Use the camera")).to_be_hidden()
    page.get_by_label("Scan here").fill("(01)09521568251204(21)S1")
    page.get_by_role("button", name="Check this code").click()
    page.wait_for_url("**/scan?code=*")


def test_the_scan_field_has_the_focus_when_the_page_opens(stage, open_page):
    page = open_page(show_scan(stage))

    expect(page.get_by_label("Scan here")).to_be_focused()

"""Step 6: the labels of a lot are fetched, and a decoder reads them back."""

from typing import Any

from django.test import Client

from pharmatrace.demo.cast import AMOXIL, NOVAMED, PASSWORD
from tests.journeys.network import EXPIRY, LOT, NAMES
from tests.scan.decoding import cut, decode, decode_svg, pages
from tests.scan.packs import GS

_LOT_IN_PATH = LOT.replace("/", "%2F")


def print_labels() -> None:
    """A sheet of 24 packs as PDF, and both symbols of one pack as SVG."""
    nora = Client()
    login = {"login": NOVAMED.admin.username, "password": PASSWORD}
    assert nora.post("/accounts/login/", login).status_code == 302

    page = _get(nora, f"{_LOT_IN_PATH}?first=25", "text/html").decode()
    assert "GS1 does not allow a QR code" in page
    pdf = _get(nora, f"{_LOT_IN_PATH}?sheet=pdf&first=25", "application/pdf")
    (sheet,) = pages(pdf)
    for place, name in enumerate(NAMES[24:48]):
        assert decode(cut(sheet, place)) == {"]d2": carrier(name), "]Q1": link(name)}

    for symbol, text in (("datamatrix", carrier(NAMES[0])), ("qr", link(NAMES[0]))):
        drawn = _get(nora, f"{NAMES[0]}/{symbol}.svg", "image/svg+xml").decode()
        assert list(decode_svg(drawn).values()) == [text]


def carrier(name: str) -> str:
    """The element string in a pack's GS1 DataMatrix: AIs 01, 17, 10, FNC1, 21."""
    return f"01{AMOXIL.gtin}17{EXPIRY:%y%m%d}10{LOT}{GS}21{name}"


def link(name: str) -> str:
    """The GS1 Digital Link in a pack's QR code."""
    stem = f"http://localhost:8000/01/{AMOXIL.gtin}"
    return f"{stem}/10/{_LOT_IN_PATH}/21/{name}?17={EXPIRY:%y%m%d}"


def _get(client: Client, path: str, content_type: str) -> bytes:
    answer: Any = client.get(f"/labels/{AMOXIL.gtin}/{path}")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].partition(";")[0] == content_type
    return bytes(answer.content)

"""Labels, read back by a decoder: what is printed is what a scanner gets."""

from datetime import date
from io import BytesIO

import pytest
from PIL import Image

from apps.core.gs1 import parse_digital_link, parse_scan
from apps.scan.labels.pack import Pack
from apps.scan.labels.sheet import PER_SHEET, draw_sheets
from apps.scan.labels.symbols import datamatrix, qr, svg
from pharmatrace.demo.cast import AMOXIL, LINDE, NOVAMED, REGULATOR, STELLA
from tests.scan.decoding import cut, decode, decode_svg, pages, picture
from tests.scan.packs import GS, LOT

STEM = "https://trace.example"
TODAY = date(2027, 3, 1)


def pack(serial="S1K7Q2MZ9P", lot=LOT):
    return Pack("Amoxil 500 mg", AMOXIL.gtin, lot, serial, date(2029, 2, 28))


def test_the_datamatrix_is_a_gs1_symbol_with_its_separator():
    read = decode(picture(datamatrix(pack())))

    assert read == {"]d2": f"01{AMOXIL.gtin}1729022810{LOT}{GS}21S1K7Q2MZ9P"}


@pytest.mark.parametrize(
    ("serial", "lot"),
    [
        ("A(10)B", "L(1"),
        ("%2F/&+", "A/1"),
        ("-_.:;<>", "!\"'*,?="),
        ("9" * 20, "Z" * 20),
    ],
)
def test_every_character_of_the_set_survives_both_symbols(serial, lot):
    labelled = pack(serial, lot)

    (matrix,) = decode(picture(datamatrix(labelled))).values()
    (link,) = decode(picture(qr(labelled, stem=STEM))).values()

    scan = parse_scan("]d2" + matrix, today=TODAY)
    assert (scan.serial.text, scan.lot.text) == (serial, lot)
    assert dict(parse_digital_link(link).elements)["21"] == serial


def test_the_qr_code_holds_the_digital_link():
    read = decode(picture(qr(pack(), stem=STEM)))

    assert read == {"]Q1": f"{STEM}/01/{AMOXIL.gtin}/10/{LOT}/21/S1K7Q2MZ9P?17=290228"}


def test_all_24_labels_of_a_sheet_read_back_with_both_codes():
    packs = [pack(f"S1K7Q2MZ{n:02}") for n in range(PER_SHEET)]

    (page,) = pages(draw_sheets(packs, stem=STEM, title="Labels"))

    for place, labelled in enumerate(packs):
        assert decode(cut(page, place)) == {
            "]d2": f"01{AMOXIL.gtin}1729022810{LOT}{GS}21{labelled.serial}",
            "]Q1": labelled.link(stem=STEM),
        }


def test_the_25th_label_starts_a_sheet():
    packs = [pack(f"S{n:04}") for n in range(PER_SHEET + 1)]

    first, second = pages(draw_sheets(packs, stem=STEM, title="Labels"))

    assert decode(cut(second, 0))["]d2"].endswith("21S0024")
    assert decode(cut(second, 1)) == {}
    assert first.size == (2481, 3508)


def test_the_same_packs_make_the_same_bytes():
    assert draw_sheets([pack()], stem=STEM, title="x") == draw_sheets(
        [pack()], stem=STEM, title="x"
    )


def test_a_name_beyond_latin_letters_still_prints():
    name = Pack("Амоксил 500 µg", AMOXIL.gtin, LOT, "S1", date(2029, 2, 28))

    assert draw_sheets([name], stem=STEM, title=name.product).startswith(b"%PDF")


def test_an_svg_draws_exactly_the_modules_and_escapes_its_title():
    modules = datamatrix(pack())
    text = svg(modules, title="<script>&")

    assert "<script>" not in text
    assert "&lt;script&gt;&amp;" in text
    assert decode_svg(text) == decode(picture(modules))


class TestPages:
    """The maker's page; foreign and missing lots answer alike."""

    @pytest.fixture
    def maker(self, chain, client):
        client.force_login(chain.actor(NOVAMED).user)
        return client

    def url(self, rest=""):
        return f"/labels/{AMOXIL.gtin}/{LOT}{rest}"

    def test_the_page_lists_packs_in_their_order_and_says_what_qr_may_not(
        self, chain, maker
    ):
        answer = maker.get(self.url())
        rows = answer.context["page"].rows

        assert [row.serial for row in rows] == chain.names
        assert "GS1 does not allow a QR code" in answer.content.decode()

    def test_a_sheet_starts_where_it_is_asked_to(self, chain, maker):
        answer = maker.get(self.url("?sheet=pdf&first=11&count=24"))

        assert answer["Content-Type"] == "application/pdf"
        (page,) = pages(answer.content)
        assert decode(cut(page, 0))["]d2"].endswith(f"21{chain.names[10]}")
        assert decode(cut(page, 1))["]d2"].endswith(f"21{chain.names[11]}")
        assert decode(cut(page, 2)) == {}

    def test_pages_lead_to_their_neighbours(self, maker):
        pager = maker.get(self.url("?first=5&count=4")).context["page"].pager

        assert (pager.first, pager.last, pager.total) == (5, 8, 12)
        assert pager.previous_url == "?first=1&count=4"
        assert pager.next_url == "?first=9&count=4"

    @pytest.mark.parametrize(
        "query",
        ["?count=481", "?count=0", "?first=0", "?first=-1", "?first=x", "?count=9e9",
         "?first=99999999999", "?count=１２"],
    )  # fmt: skip
    def test_a_number_out_of_range_is_refused(self, maker, query):
        assert maker.get(self.url(query)).status_code == 400

    def test_far_beyond_the_end_is_the_last_pack(self, chain, maker):
        rows = maker.get(self.url("?first=1000")).context["page"].rows

        assert [row.serial for row in rows] == chain.names[-1:]

    @pytest.mark.parametrize("player", [STELLA, LINDE, REGULATOR])
    def test_nobody_else_labels_the_lot(self, chain, client, player):
        client.force_login(chain.actor(player).user)
        serial = f"/labels/{AMOXIL.gtin}/{chain.names[0]}"

        for where in (self.url(), f"{serial}/qr.svg", f"{serial}/datamatrix.svg"):
            assert client.get(where).status_code == 404

    def test_a_lot_that_is_not_there_answers_alike(self, maker):
        assert maker.get(f"/labels/{AMOXIL.gtin}/ZZZ").status_code == 404
        assert maker.get(f"/labels/{AMOXIL.gtin}/ZZZ/qr.svg").status_code == 404

    @pytest.mark.parametrize("name", ["datamatrix", "qr"])
    def test_each_symbol_alone(self, chain, maker, name):
        answer = maker.get(f"/labels/{AMOXIL.gtin}/{chain.names[3]}/{name}.svg")

        assert answer["Content-Type"] == "image/svg+xml"
        (text,) = decode_svg(answer.content.decode()).values()
        assert chain.names[3] in text

    def test_a_lot_with_a_slash_has_labels(self, chain, maker):
        chain.commission(lot="A/1", names=["X/9"])

        answer = maker.get(f"/labels/{AMOXIL.gtin}/A%2F1")

        assert [row.serial for row in answer.context["page"].rows] == ["X/9"]
        assert maker.get(answer.context["page"].rows[0].qr_url).status_code == 200

    def test_strangers_log_in_first(self, client):
        assert client.get(self.url()).status_code == 302


def test_a_photo_of_a_label_is_a_scan(chain, client):
    client.force_login(chain.actor(STELLA).user)
    photo = BytesIO()
    labelled = Pack("Amoxil", AMOXIL.gtin, LOT, chain.names[0], date(2029, 2, 28))
    picture(datamatrix(labelled), scale=9).convert("RGB").save(photo, "JPEG")
    photo.seek(0)
    photo.name = "label.jpg"

    answer = client.post("/scan/photo", {"photo": photo}, follow=True)

    assert answer.context["page"].verdict.band.word == "Dispense"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bad_photo"),
        (b"no picture", "bad_photo"),
        (b"GIF89a" + b"\xff" * 50, "bad_photo"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "bad_photo"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 100, "bad_photo"),
    ],
)
def test_a_broken_photo_is_refused_in_words(chain, client, content, code):
    client.force_login(chain.actor(STELLA).user)
    photo = BytesIO(content)
    photo.name = "x.jpg"

    answer = client.post("/scan/photo", {"photo": photo})

    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    ("size", "code"), [((8_000, 7_000), "photo_too_large"), ((64, 64), "no_code_found")]
)
def test_a_picture_that_holds_no_code(chain, client, size, code):
    client.force_login(chain.actor(STELLA).user)
    photo = BytesIO()
    Image.new("1", size, 1).save(photo, "PNG")
    photo.seek(0)
    photo.name = "x.png"

    answer = client.post("/scan/photo", {"photo": photo})

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_no_photo_at_all(chain, client):
    client.force_login(chain.actor(STELLA).user)

    assert client.post("/scan/photo").json()["code"] == "bad_photo"

"""Pages about goods: what they show, to whom, and what they never show."""

import csv

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.partners.models import ReadAudit
from pharmatrace.demo.cast import AMOXIL, MARKT, NOVAMED, REGULATOR, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials, sscc
from tests.custody.pages import Reader, at

CANARY = "CANARY7"


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission()
    return told


def recall(goods: Goods, lot: str = "A1") -> str:
    wish = {
        "kind": "recall.open",
        "gtin": AMOXIL.gtin,
        "scope": {"lots": [lot]},
        "class": "II",
        "reason": "wrong leaflet",
        "instructions": "set aside",
        "depth": "patient",
    }
    return goods.stage.act(NOVAMED, wish).statement_id


def test_the_stock_says_what_is_held_where(goods: Goods) -> None:
    page = Reader(goods.stage, NOVAMED).page("/stock")

    (line,) = page.lines
    assert (line.row.lot, line.row.count, line.row.site_name) == (
        "A1",
        100,
        "Novamed plant Freiburg",
    )
    assert (line.condition.state, line.condition.word) == ("go", "in stock")
    assert line.ship_url == "/ship?site=9521568000024&q=A1"


def test_a_recalled_lot_stands_out_and_has_no_link_to_ship(goods: Goods) -> None:
    recall(goods)

    (line,) = Reader(goods.stage, NOVAMED).page("/stock").lines

    assert (line.condition.state, line.condition.word) == ("stop", "recalled")
    assert line.ship_url == ""


def test_packs_on_hold_are_counted(goods: Goods) -> None:
    goods.do(NOVAMED, "hold", items=packs(serials(3)))

    (line,) = Reader(goods.stage, NOVAMED).page("/stock").lines

    assert (line.condition.state, line.condition.word) == ("think", "3 of 100 on hold")


def test_what_was_sent_is_shown_apart_from_what_is_in_stock(goods: Goods) -> None:
    goods.ship(packs(serials(10)))
    reader = Reader(goods.stage, NOVAMED)

    assert [line.row.count for line in reader.page("/stock").lines] == [90]
    assert [line.row.count for line in reader.page("/stock", show="way").lines] == [10]
    assert reader.page("/stock", show="all").packs == 100


def test_the_stock_is_filtered_by_lot(goods: Goods) -> None:
    goods.commission(lot="B2", names=["B1"])
    reader = Reader(goods.stage, NOVAMED)

    assert [line.row.lot for line in reader.page("/stock", q="b2").lines] == ["B2"]
    assert "Nothing in stock matches" in reader.text("/stock", q="C3")


def test_an_exported_lot_number_is_no_formula(goods: Goods) -> None:
    goods.commission(lot="=1+1", names=["F1"])

    answer = Reader(goods.stage, NOVAMED).get("/stock", format="csv", q="=1+1")

    lines = list(csv.reader(b"".join(answer.streaming_content).decode().splitlines()))
    assert answer["Content-Disposition"] == 'attachment; filename="stock.csv"'
    assert lines[0][:3] == ["gtin", "product", "lot"]
    assert lines[1][2] == "'=1+1"


@pytest.mark.parametrize(
    "path",
    ["/stock", "/pack", "/ship", "/shipments", "/shipments?direction=in", "/receive",
     "/returns", "/api/v1/stock", "/api/v1/shipments"],
)  # fmt: skip
def test_a_stranger_to_the_goods_reads_nothing_of_them(goods: Goods, path: str) -> None:
    goods.commission(lot=CANARY, names=["K1", "K2"])
    goods.deliver([pack("K1")])

    answer = Reader(goods.stage, MARKT).client.get(path)

    assert answer.status_code == 200
    assert CANARY.encode() not in answer.content


def test_foreign_and_missing_answer_alike(goods: Goods) -> None:
    goods.fill(1, serials(5))
    ref = goods.ship([box(1)])
    reader = Reader(goods.stage, MARKT)
    pairs = [
        (f"/shipments/{ref}", f"/shipments/{'0' * 64}"),
        (f"/shipments/{ref}/outcome", f"/shipments/{'0' * 64}/outcome"),
        (f"/receive/{ref}", f"/receive/{'0' * 64}"),
        (f"/receive/{ref}/lookup?code={sscc(1)}", f"/receive/{'0' * 64}/lookup?code="),
        (f"/batches/{AMOXIL.gtin}/A1", f"/batches/{AMOXIL.gtin}/NONE"),
        (f"/containers/{sscc(1)}", f"/containers/{sscc(99)}"),
        (f"/api/v1/shipments/{ref}", f"/api/v1/shipments/{'0' * 64}"),
    ]

    for foreign, missing in pairs:
        answers = [reader.client.get(path) for path in (foreign, missing)]
        assert [answer.status_code for answer in answers] == [404, 404], foreign
        texts = [_without_tokens(answer.content) for answer in answers]
        assert texts[0] == texts[1], foreign


def _without_tokens(content: bytes) -> str:
    import re

    text = content.decode()
    return re.sub(r'(csrftoken" content="|X-CSRFToken": "|csrfmiddlewaretoken" value=")[^"]*', "", text)  # fmt: skip


def test_a_member_reads_the_page_and_why_it_has_no_button(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.receive(goods.ship([box(1)]))
    ref = goods.ship([box(1)], by=TRANSPHARM, to=STELLA)
    simon = Reader(goods.stage, STELLA, is_member=True)

    for path in ("/receive/" + ref, "/returns"):
        html = simon.html(path)
        assert "A signer of your organisation signs this" in html
        assert "data-sign-go" not in html
    assert sscc(1)[8:17] in simon.text(f"/receive/{ref}")


def test_the_maker_sees_every_holder_of_its_lot(goods: Goods) -> None:
    goods.deliver(packs(serials(5)))
    goods.do(STELLA, "dispense", items=[pack("S000000")])

    page = Reader(goods.stage, NOVAMED).page(f"/batches/{AMOXIL.gtin}/A1")

    assert page.total == 100
    assert page.bar.title == "100 packs: 95 at maker, 4 at pharmacies, 1 supplied"
    assert [(p.row.holder_name, p.status, p.row.count) for p in page.places] == [
        ("Novamed", "in stock", 95),
        ("Stella Pharmacy", "in stock", 4),
        ("Stella Pharmacy", "supplied", 1),
    ]
    assert [link.what for link in page.links] == [
        "made and numbered 100 packs",
        "sent 5 packs to Transpharm",
        "received 5 packs",
        "sent 5 packs to Stella Pharmacy",
        "received 5 packs",
        "supplied 1 pack",
    ]
    assert page.labels_url == f"/labels/{AMOXIL.gtin}/A1"


def test_a_holder_sees_its_share_and_its_direct_partners_only(goods: Goods) -> None:
    goods.deliver(packs(serials(5)))
    goods.ship(packs(serials(10, start=50)), to=MARKT)

    page = Reader(goods.stage, TRANSPHARM).page(f"/batches/{AMOXIL.gtin}/A1")
    stella = Reader(goods.stage, STELLA).text(f"/batches/{AMOXIL.gtin}/A1")

    assert (page.total, page.bar.title) == (5, "5 packs: 5 passed on")
    assert [(p.row.holder_name, p.status, p.row.count) for p in page.places] == [
        ("Stella Pharmacy", "passed on", 5)
    ]
    assert page.links[0].what == "made and numbered the lot"
    assert "100" not in stella
    assert "Market Pharmacy" not in stella
    assert "sent 5 packs to Stella Pharmacy" in stella
    assert "sent 5 packs to Transpharm" not in stella


def test_a_supply_at_the_customer_is_not_the_wholesalers_business(goods: Goods) -> None:
    goods.deliver(packs(serials(5)))
    goods.do(STELLA, "dispense", items=[pack("S000000")])

    text = Reader(goods.stage, TRANSPHARM).text(f"/batches/{AMOXIL.gtin}/A1")

    assert "supplied 1 pack" not in text
    assert "5 passed on" in text.replace("passed on 5", "5 passed on")


def test_a_regulator_sees_all_and_every_read_is_written_down(goods: Goods) -> None:
    ref = goods.ship(packs(serials(5)))
    rita = Reader(goods.stage, REGULATOR)

    assert rita.page(f"/batches/{AMOXIL.gtin}/A1").total == 100
    assert rita.page("/stock", gln=NOVAMED.gln).packs == 95
    rita.page(f"/shipments/{ref}")
    rita.client.get("/api/v1/shipments")

    assert list(ReadAudit.objects.order_by("pk").values_list("action", "subject")) == [
        ("batches.read", f"{AMOXIL.gtin} A1"),
        ("stock.list", NOVAMED.gln),
        ("shipments.read", ref),
        ("shipments.list", ""),
    ]


def test_nobody_else_names_another_partners_stock(goods: Goods) -> None:
    page = Reader(goods.stage, MARKT).page("/stock", gln=NOVAMED.gln)

    assert page.lines == []


def test_a_lot_with_a_slash_has_a_page(goods: Goods) -> None:
    goods.commission(lot="D/1", names=["D1"])

    page = Reader(goods.stage, NOVAMED).page(f"/batches/{AMOXIL.gtin}/{at('D/1')}")

    assert page.lot == "D/1"


def test_a_recalled_lot_says_so_on_its_page(goods: Goods) -> None:
    opened = recall(goods)

    page = Reader(goods.stage, NOVAMED).page(f"/batches/{AMOXIL.gtin}/A1")

    assert [(each.url, each.is_whole) for each in page.recalls] == [
        (f"/recalls/{opened}", True)
    ]
    assert page.ship_url == ""


def test_a_container_shows_what_is_inside_and_around(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.do(NOVAMED, "new_container", container=box(2))
    goods.do(NOVAMED, "pack", container=box(2), items=[box(1), pack("S000050")])
    reader = Reader(goods.stage, NOVAMED)

    outer = reader.page(f"/containers/{sscc(2)}")
    inner = reader.page(f"/containers/{sscc(1)}")

    assert (outer.inside.count, outer.inside.loose, outer.more_packs) == (6, 1, 0)
    assert [row[0] for row in outer.boxes] == [sscc(1)]
    assert outer.ship_url == (f"/ship?site=9521568000024&q={sscc(2)}&item={sscc(2)}")
    assert inner.parent == (sscc(2), f"/containers/{sscc(2)}")
    assert (inner.ship_url, inner.may_unpack) == ("", True)


def test_the_addressee_sees_a_container_on_its_way_and_nobody_else(
    goods: Goods,
) -> None:
    goods.fill(1, serials(5))
    path = f"/containers/{sscc(1)}"
    assert Reader(goods.stage, TRANSPHARM).get(path).status_code == 404

    goods.ship([box(1)])

    assert Reader(goods.stage, TRANSPHARM).page(path).condition.word == "under way"
    assert Reader(goods.stage, STELLA).get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/stock?show=all", "/ship", "/pack", "/shipments", "/api/v1/shipments"]
)
def test_more_rows_cost_no_more_questions(goods: Goods, path: str) -> None:
    goods.fill(1, serials(4))
    goods.ship([box(1)])
    goods.fill(2, serials(4, start=4))
    reader = Reader(goods.stage, NOVAMED)
    few = _questions(reader, path)

    for number in range(3, 8):
        goods.commission(lot=f"L{number}", names=[f"{number}X{k}" for k in range(6)])
        goods.fill(number, [f"{number}X0", f"{number}X1"])
        goods.ship([pack(f"{number}X2")])

    assert _questions(reader, path) == few


def _questions(reader: Reader, path: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert reader.client.get(path).status_code == 200
    return len(asked)

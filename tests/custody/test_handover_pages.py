"""Pages that hand goods over: shipping, receiving, returning; and their API."""

import pytest

from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials, site, sscc
from tests.custody.pages import Reader, at


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission()
    return told


def test_what_cannot_be_sold_cannot_be_chosen(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.fill(2, serials(5, start=5))
    goods.do(NOVAMED, "hold", items=[pack("S000000"), pack("S000050")])

    page = Reader(goods.stage, NOVAMED).page("/ship")

    assert [(box.code, box.why_not) for box in page.boxes] == [
        (sscc(1), "on hold"),
        (sscc(2), ""),
    ]
    (loose,) = page.loose
    assert (loose.row.loose, loose.why_not) == (90, "1 on hold: scan those that go")


def test_goods_go_to_every_other_licensed_site_and_not_to_oneself(goods: Goods) -> None:
    page = Reader(goods.stage, NOVAMED).page("/ship")

    assert [each.name for each in page.addressees] == [
        "Linden Pharmacy",
        "Market Pharmacy",
        "Stella Pharmacy",
        "Transpharm",
    ]


def test_a_container_may_be_ticked_beforehand(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.fill(2, serials(5, start=5))

    page = Reader(goods.stage, NOVAMED).page("/ship", item=sscc(2))

    assert [box.is_chosen for box in page.boxes] == [False, True]


def test_a_despatch_is_expected_line_by_line(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.do(NOVAMED, "new_container", container=box(2))
    goods.do(NOVAMED, "pack", container=box(2), items=[box(1)])
    ref = goods.ship([box(2), pack("S000050"), pack("S000051")])

    lines = Reader(goods.stage, TRANSPHARM).page(f"/receive/{ref}").receive.lines

    assert [(line.sscc or line.serial, line.n, line.inside) for line in lines] == [
        (sscc(2), 5, ""),
        (sscc(1), 5, sscc(2)),
        ("S000050", 1, ""),
        ("S000051", 1, ""),
    ]


def test_many_loose_packs_are_one_line_to_count(goods: Goods) -> None:
    ref = goods.ship(packs(serials(50)))

    (line,) = Reader(goods.stage, TRANSPHARM).page(f"/receive/{ref}").receive.lines

    assert (line.lot, line.n, line.serial, line.key) == (
        "A1",
        50,
        "",
        f"{AMOXIL.gtin}/A1",
    )


def test_a_scanned_pack_is_found_in_its_case(goods: Goods) -> None:
    goods.fill(1, serials(5))
    ref = goods.ship([box(1), pack("S000050")])
    reader = Reader(goods.stage, TRANSPHARM)

    def line(code: str) -> str:
        return reader.get(f"/receive/{ref}/lookup", code=code).json()["line"]

    assert line(pack("S000001")) == sscc(1)
    assert line(pack("S000050")) == f"{AMOXIL.gtin}/A1"
    assert line(pack("S000060")) == ""  # ours, but not on this despatch
    assert line(pack("NEVER")) == ""


def test_what_is_missing_of_earlier_despatches_stands_first(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.fill(2, serials(5, start=5))
    early, late = goods.ship([box(1), box(2)]), goods.ship(packs(serials(2, start=50)))
    goods.receive(early, items=[box(1)])

    page = Reader(goods.stage, TRANSPHARM).page("/receive")

    assert page.missing == 5
    assert [row.despatch.ref for row in page.short] == [early]
    assert [row.despatch.ref for row in page.expected] == [late]


def test_a_partial_receipt_is_a_typed_discrepancy_for_both_sides(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.fill(2, serials(5, start=5))
    ref = goods.ship([box(1), box(2)])
    goods.receive(ref, items=[box(1)])

    sender = Reader(goods.stage, NOVAMED).page(f"/shipments/{ref}")
    addressee = Reader(goods.stage, TRANSPHARM).page(f"/shipments/{ref}")

    for page in (sender, addressee):
        assert [(gap.kind, gap.count, gap.lot) for gap in page.gaps] == [
            ("shortage", 5, "A1")
        ]
        assert page.row.condition.word == "5 packs missing"
        assert [item.code for item in page.items] == [sscc(2)]
    assert [form.step for form in sender.settle] == ["void", "lost", "stolen"]
    assert addressee.settle == []
    assert addressee.receive_url == f"/receive/{ref}"
    said = Reader(goods.stage, TRANSPHARM).html(f"/shipments/{ref}/outcome")
    assert "Shortage" in said
    assert "<main" not in said


def test_the_sender_reports_a_lost_case_from_the_page(goods: Goods) -> None:
    goods.fill(1, serials(5))
    ref = goods.ship([box(1), pack("S000050")])
    goods.receive(ref, items=[pack("S000050")])
    page = Reader(goods.stage, NOVAMED).page(f"/shipments/{ref}")
    (lost,) = [form for form in page.settle if form.step == "lost"]

    goods.stage.act(NOVAMED, {**lost.wish, "items": [page.items[0].epc]})

    page = Reader(goods.stage, NOVAMED).page(f"/shipments/{ref}")
    assert (page.row.progress.received, page.row.progress.lost) == (1, 5)
    assert page.row.condition.word == "closed short"
    assert page.links[-1].what == "reported 5 packs as lost"


def test_what_was_withdrawn_is_said(goods: Goods) -> None:
    ref = goods.ship(packs(serials(5)))
    page = Reader(goods.stage, NOVAMED).page(f"/shipments/{ref}")

    goods.stage.act(NOVAMED, page.settle[0].wish)

    page = Reader(goods.stage, NOVAMED).page(f"/shipments/{ref}")
    assert (page.row.condition.word, page.settle) == ("withdrawn", [])


def test_the_papers_of_a_despatch_are_shown(goods: Goods) -> None:
    to = {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}
    papers = [{"type": "po", "id": "PO-77"}, {"type": "desadv", "id": "DA/9"}]
    ref = goods.do(
        NOVAMED, "ship", items=packs(serials(2)), to=to, documents=papers
    ).statement_id

    page = Reader(goods.stage, TRANSPHARM).page(f"/shipments/{ref}")

    assert sorted(page.documents) == [
        ("Despatch advice", "DA/9"),
        ("Purchase order", "PO-77"),
    ]


def test_a_despatch_from_a_file_has_a_page_too(goods: Goods) -> None:
    to = {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}
    event = {"step": "ship", "site": site(NOVAMED), "to": to}
    accepted = goods.stage.act(
        NOVAMED,
        {"kind": "events", "events": [{**event, "items": packs(serials(2))}]},
    )
    reader = Reader(goods.stage, TRANSPHARM)
    ref = f"{accepted.statement_id}#0"

    (row,) = reader.page("/receive").expected

    assert row.url == f"/shipments/{at(ref)}"
    assert reader.page(f"/receive/{at(ref)}").wish["shipment"] == ref
    assert reader.client.get(f"/api/v1/shipments/{at(ref)}").json()["ref"] == ref


def test_a_return_is_received_inspected_and_released_from_the_page(
    goods: Goods,
) -> None:
    goods.deliver(packs(serials(5)))
    stella, tom = Reader(goods.stage, STELLA), Reader(goods.stage, TRANSPHARM)
    wish = {**stella.page("/returns").wish, "items": [pack("S000000")]}
    ref = goods.stage.act(STELLA, wish).statement_id
    (row,) = tom.page("/returns").incoming
    assert row.despatch.ref == ref

    goods.stage.act(TRANSPHARM, tom.page(f"/receive/{ref}").wish)
    (inspection,) = tom.page("/returns").inspections
    assert [each.pack.serial for each in inspection.rows] == ["S000000"]
    items = [each.code for each in inspection.rows]
    goods.stage.act(TRANSPHARM, {**inspection.wish, "step": "release", "items": items})

    assert tom.page("/returns").inspections == []
    assert goods.where()[(TRANSPHARM.gln, "active")] == 1


def test_a_suspicion_and_a_return_wait_apart_and_are_lifted_apart(
    goods: Goods,
) -> None:
    goods.do(NOVAMED, "hold", items=packs(serials(2)))
    goods.do(NOVAMED, "hold", items=packs(serials(1)), reason="recalled")
    nora = Reader(goods.stage, NOVAMED)

    plain, recalled = nora.page("/returns").inspections

    assert [len(each.rows) for each in (plain, recalled)] == [2, 1]
    for each in (plain, recalled):
        items = [row.code for row in each.rows]
        goods.stage.act(NOVAMED, {**each.wish, "step": "release", "items": items})
    assert nora.page("/returns").inspections == []
    goods.ship(packs(serials(2)))


def test_a_pack_comes_ready_to_be_sent_back_from_its_own_page(goods: Goods) -> None:
    page = Reader(goods.stage, STELLA).page("/returns", code=pack("S000000"))

    assert page.opens_form
    assert page.code == pack("S000000")


def test_machines_list_their_despatches_by_side_and_state(goods: Goods) -> None:
    first, sale = goods.deliver(packs(serials(5)))
    reader = Reader(goods.stage, TRANSPHARM)

    def refs(**query: str) -> list[str]:
        answer = reader.client.get("/api/v1/shipments", query)
        return [row["ref"] for row in answer.json()["results"]]

    assert refs() == [sale, first]
    assert refs(direction="in") == [first]
    assert refs(direction="out", state="closed") == [sale]
    assert refs(state="open") == []
    answer = reader.client.get("/api/v1/shipments", {"state": "lost"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_word")


def test_machines_read_one_despatch_with_what_is_missing(goods: Goods) -> None:
    goods.fill(1, serials(5))
    ref = goods.ship([box(1), pack("S000050")])
    goods.receive(ref, items=[pack("S000050")])

    said = Reader(goods.stage, NOVAMED).client.get(f"/api/v1/shipments/{ref}").json()

    assert (said["sender"], said["addressee"]) == (NOVAMED.gln, TRANSPHARM.gln)
    assert [(lot["lot"], lot["sent"], lot["open"]) for lot in said["lots"]] == [
        ("A1", 6, 5)
    ]
    assert [(i["epc"], i["lot"], i["count"]) for i in said["open_items"]] == [
        (box(1), "A1", 5)
    ]
    assert [(d["kind"], d["count"]) for d in said["discrepancies"]] == [("shortage", 5)]


def test_machines_read_their_stock(goods: Goods) -> None:
    goods.do(NOVAMED, "hold", items=packs(serials(3)))

    said = Reader(goods.stage, NOVAMED).client.get("/api/v1/stock").json()

    assert [
        (row["lot"], row["status"], row["count"], row["held"])
        for row in said["results"]
    ] == [("A1", "active", 100, 3)]

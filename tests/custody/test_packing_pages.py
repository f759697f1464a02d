"""Pages that pack: plans, numbers, one container filled by scanning."""

import base64

import pytest
from django.utils import timezone

from apps.core.errors import MalformedInput
from apps.custody.models import Container
from apps.custody.queries.numbers import free_ssccs, ssccs_from
from apps.custody.queries.packing import plan_packing
from apps.ledger.formats import Draft
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from tests.cast import stage_of_today
from tests.custody.goods import Goods, box, packs, serials, site, sscc
from tests.custody.pages import Reader

PLAN = {"gtin": AMOXIL.gtin, "lot": "A1", "site": site(NOVAMED)}


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission()
    return told


@pytest.mark.django_db
def test_a_lot_is_packed_into_cases_and_a_pallet_by_one_signature(
    keyring: Keyring,
) -> None:
    goods = Goods(stage_of_today(keyring))
    goods.commission()
    wanted = {**PLAN, "size": "24", "cases": "", "per_pallet": "4", "first": ""}
    reader = Reader(goods.stage, NOVAMED)

    plan = reader.page("/pack/lot", **wanted).plan
    answer = reader.get("/pack/lot/draft", **wanted).json()
    draft = Draft(
        payload=base64.b64decode(answer["payload"]),
        words=answer["words"],
        lines=answer["lines"].encode(),
    )
    goods.stage.at = timezone.now()
    goods.stage.submit(draft, goods.stage.keyring.key_of(NOVAMED))

    assert (len(plan.cases), len(plan.pallets), plan.packed, plan.left) == (4, 1, 96, 4)
    assert (plan.cases[0].first, plan.cases[0].last) == ("S000000", "S000023")
    assert [case.sscc for case in plan.cases] == [sscc(k) for k in (1, 2, 3, 4)]
    pallet = Container.objects.get(epc=box(5))
    assert sum(line.count for line in pallet.lines.all()) == 96
    assert pallet.children.count() == 4


def test_the_next_numbers_follow_the_highest_in_use(goods: Goods) -> None:
    assert free_ssccs(gln=NOVAMED.gln, count=2) == [sscc(1), sscc(2)]

    goods.do(NOVAMED, "new_container", container=box(7))

    assert free_ssccs(gln=NOVAMED.gln, count=1) == [sscc(8)]


def test_when_a_row_of_numbers_is_full_the_next_extension_digit_is_used(
    goods: Goods,
) -> None:
    goods.do(NOVAMED, "new_container", container=box(999_999_999))

    (number,) = free_ssccs(gln=NOVAMED.gln, count=1)

    assert number[:17] == "19521568000000001"


def test_printed_labels_are_taken_as_they_are_numbered(goods: Goods) -> None:
    assert ssccs_from(sscc(41), count=3) == [sscc(41), sscc(42), sscc(43)]


def test_more_cases_than_there_are_packs_for_are_refused_beside_the_form(
    goods: Goods,
) -> None:
    wanted = {**PLAN, "size": "24", "cases": "6", "per_pallet": "0", "first": ""}

    page = Reader(goods.stage, NOVAMED).page("/pack/lot", **wanted)

    assert page.plan is None
    assert (page.problem.code, page.problem.wanted) == ("too_few", "1 to 5 cases")


def test_a_wrong_sscc_is_said_beside_its_field(goods: Goods) -> None:
    wanted = {**PLAN, "size": "24", "first": "095215680000000010"}
    reader = Reader(goods.stage, NOVAMED)

    assert "check digit" in reader.page("/pack/lot", **wanted).form.errors["first"][0]
    answer = reader.client.get("/pack/lot/draft", wanted, headers={"accept": "*/*"})
    assert answer.status_code == 400
    assert answer.json()["field"] == "first"


def test_a_lot_of_somebody_else_has_no_plan(goods: Goods) -> None:
    wanted = {**PLAN, "site": site(TRANSPHARM)}

    answer = Reader(goods.stage, TRANSPHARM).get("/pack/lot", **wanted)

    assert answer.status_code == 400


def test_a_member_may_not_draft(goods: Goods) -> None:
    simon = Reader(goods.stage, STELLA, is_member=True)

    assert simon.get("/pack/lot/draft", **PLAN, size="2").status_code == 403


def test_a_plan_takes_only_loose_packs(goods: Goods) -> None:
    goods.fill(1, serials(90))

    plan = plan_packing(
        gln=NOVAMED.gln, site=site(NOVAMED), gtin=AMOXIL.gtin, lot="A1",
        size=5, cases=None, per_pallet=0, first="",
    )  # fmt: skip

    assert [case.first for case in plan.cases] == ["S000090", "S000095"]
    with pytest.raises(MalformedInput, check=lambda e: e.code == "too_few"):
        plan_packing(
            gln=NOVAMED.gln, site=site(NOVAMED), gtin=AMOXIL.gtin, lot="A1",
            size=5, cases=3, per_pallet=0, first="",
        )  # fmt: skip


def test_a_new_container_is_opened_and_filled_by_one_statement(goods: Goods) -> None:
    page = Reader(goods.stage, NOVAMED).page("/pack/into", first=sscc(1))
    wish = page.wish
    wish["events"][1]["items"] = packs(serials(3))

    goods.stage.act(NOVAMED, wish)

    assert (page.is_new, page.items_name) == (True, "events.1.items")
    again = Reader(goods.stage, NOVAMED).page("/pack/into", first=sscc(1))
    assert (again.is_new, again.items_name, again.wish["kind"]) == (
        False,
        "items",
        "event",
    )

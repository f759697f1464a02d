"""Mallory asks for drafts to learn where goods of others are: she learns nothing."""

import json

import pytest

from apps.alerts.models import Alert
from apps.core.epcis import EpcisEvent, build
from apps.core.errors import ForbiddenTransfer, TraceError
from apps.core.gs1 import compute_check_digit
from apps.custody.models import Event, Shipment
from apps.edge.problems import problem_of
from pharmatrace.demo.cast import LINDE, MARKT, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials, site
from tests.custody.mallory import forge, occasion, things, units_of
from tests.frozen import go_on
from tests.recalls.calls import open_recall


@pytest.fixture
def goods(stage: Stage) -> Goods:
    go_on(stage, "packs of others", _trade)
    return Goods(stage)


def _trade(stage: Stage) -> None:
    """Packs of others in every state; Linden has three packs and a sale of its own."""
    told = Goods(stage)
    told.commission(count=40)
    told.deliver(packs(serials(6)))
    told.deliver(packs(serials(3, 30)), to=LINDE)
    told.do(STELLA, "dispense", items=packs(serials(1)))
    told.do(NOVAMED, "hold", items=packs(serials(1, 1)), reason="recalled")
    told.do(STELLA, "destroy", items=packs(serials(1, 2)))
    told.ship(packs(serials(1, 10)))
    told.do(LINDE, "dispense", items=[pack("S000030")])
    told.commission(lot="R1", names=["R-1"])
    open_recall(stage, "R1")
    for name, inside in (("CASE1", serials(2, 25)), ("CASE2", serials(1, 27))):
        told.do(NOVAMED, "new_container", container=pack(name))
        told.do(NOVAMED, "pack", container=pack(name), items=packs(inside))
    told.do(NOVAMED, "unpack", container=pack("CASE2"))
    told.do(LINDE, "new_container", container=OWN_CASE)


_BODY = "09524333000000001"
OWN_CASE = f"https://id.gs1.org/00/{_BODY}{compute_check_digit(_BODY)}"  # Linden's
OTHERS = {
    "supplied": "S000000",
    "on hold": "S000001",
    "destroyed": "S000002",
    "at a counter": "S000003",
    "at the maker": "S000020",
    "under way": "S000010",
    "recalled": "R-1",
    "a case": "CASE1",
    "an empty case": "CASE2",
    "never made": "NEVER",
}


def heard(goods: Goods, step: str, name: str, **wish: object) -> str:
    with pytest.raises(TraceError) as refusal:
        goods.do(LINDE, step, items=[pack(name)], **wish)
    document = json.dumps(problem_of(refusal.value).document(), sort_keys=True)
    return document.replace(name, "…")


@pytest.mark.parametrize(
    "step",
    ["dispense", "dispense_part", "decommission", "hold", "release", "ship", "export",
     "return_ship", "undo", "correct", "receive", "pack", "unpack", "destroy"],
)  # fmt: skip
def test_a_draft_tells_one_thing_of_all_packs_of_others(
    goods: Goods, step: str
) -> None:
    sale = Shipment.objects.get(addressee=LINDE.gln).event.ref
    supply = Event.objects.get(by=LINDE.gln, rule="supplying").ref
    wish: dict[str, object] = {
        "ship": {"to": {"gln": MARKT.gln, "site": site(MARKT)}},
        "return_ship": {"shipment": sale},
        "receive": {"shipment": sale},
        "pack": {"container": OWN_CASE},
        "unpack": {"container": OWN_CASE},
        "undo": {"parents": [supply]},
        "correct": {"parents": [supply]},
    }.get(step, {})

    answers = {what: heard(goods, step, name, **wish) for what, name in OTHERS.items()}

    assert len(set(answers.values())) == 1, answers
    for word in ("A1", "R1", STELLA.gln, NOVAMED.gln):
        assert word not in answers["at a counter"]


@pytest.mark.parametrize("step", ["dispense", "destroy", "ship"])
def test_own_packs_beside_it_tell_no_more_of_a_case_of_others(
    goods: Goods, step: str
) -> None:
    to = {"to": {"gln": MARKT.gln, "site": site(MARKT)}} if step == "ship" else {}
    answers = set()
    for name in ("CASE1", "CASE2", "S000003", "NEVER"):
        with pytest.raises(ForbiddenTransfer) as refusal:
            goods.do(LINDE, step, items=[pack("S000031"), pack(name)], **to)
        document = json.dumps(problem_of(refusal.value).document(), sort_keys=True)
        answers.add(document.replace(name, "…"))

    assert len(answers) == 1, answers
    goods.do(LINDE, step, items=[pack("S000031")], **to)


def test_a_file_of_wishes_tells_no_more_of_a_case_of_others(goods: Goods) -> None:
    answers = set()
    for name in ("CASE1", "S000003", "NEVER"):
        wish = {"step": "dispense", "site": site(LINDE), "items": [pack(name)]}
        with pytest.raises(ForbiddenTransfer) as refusal:
            goods.stage.act(LINDE, {"kind": "events", "events": [wish]})
        document = json.dumps(problem_of(refusal.value).document(), sort_keys=True)
        answers.add(document.replace(name, "…"))

    assert len(answers) == 1, answers


def test_a_wholesaler_learns_no_serials_by_wishing_to_supply(goods: Goods) -> None:
    answers = set()
    for name in ("S000003", "S000020", "NEVER"):
        with pytest.raises(ForbiddenTransfer) as refusal:
            goods.do(TRANSPHARM, "dispense", items=[pack(name)])
        answers.add(str(problem_of(refusal.value).document()))

    assert len(answers) == 1


def test_a_strange_pallet_is_an_unknown_pallet(goods: Goods) -> None:
    goods.fill(1, serials(2, 21))
    answers = set()
    for number in (1, 2):
        for step, wish in (
            ("pack", {"container": box(number), "items": [pack("S000031")]}),
            ("unpack", {"container": box(number)}),
            ("dispense", {"items": [box(number)]}),
        ):
            with pytest.raises(ForbiddenTransfer) as refusal:
                goods.do(LINDE, step, **wish)
            text = str(problem_of(refusal.value).document())
            answers.add((step, text.replace(box(number), "…")))

    assert len(answers) == 3, answers


def test_who_signs_a_serial_that_never_was_leaves_an_alert(goods: Goods) -> None:
    event = build.dispense(occasion(goods.stage, LINDE), units=things("NEVER"))

    with pytest.raises(ForbiddenTransfer) as refusal:
        forge(goods.stage, LINDE, event, units={})

    assert refusal.value.code == "serial_unknown"
    assert Alert.objects.get().kind == "serial_unknown"


@pytest.mark.parametrize("reason", ["did_not_occur", "incorrect_data"])
def test_who_takes_back_learns_of_no_container(stage: Stage, reason: str) -> None:
    """Full, empty or never opened: draft and door answer the same, and keep nothing."""
    goods = Goods(stage)
    goods.commission(count=10)
    goods.deliver(packs(serials(2)), to=LINDE)
    ref = goods.do(LINDE, "dispense", items=packs(serials(1))).statement_id
    goods.fill(1, serials(2, 5))
    goods.do(NOVAMED, "new_container", container=box(2))
    before = Event.objects.count()
    step = "undo" if reason == "did_not_occur" else "correct"
    told = set()

    for number in (1, 2, 3):
        for names in ([box(number)], [pack("S000000"), box(number), box(9)]):
            with pytest.raises(ForbiddenTransfer) as draft:
                goods.do(LINDE, step, parents=[ref], items=names)
            with pytest.raises(ForbiddenTransfer) as door:
                forge(stage, LINDE, _taken_back(goods, names, reason),
                      units=units_of(goods, "S000000"), parents=[ref])  # fmt: skip
            for refusal in (draft, door):
                text = json.dumps(problem_of(refusal.value).document(), sort_keys=True)
                told.add((refusal.value.code, text.replace(box(number), "…")))

    assert [code for code, _ in told] == ["container_unknown"]
    assert Event.objects.count() == before
    assert not Event.objects.get(ref=ref).is_corrected


def _taken_back(goods: Goods, names: list[str], reason: str) -> EpcisEvent:
    now = occasion(goods.stage, LINDE)
    epcs = [name.rpartition("/")[2] if "/01/" in name else name for name in names]
    return build.declare_error(
        build.dispense(now, units=things(*epcs)),
        declaration_time_ms=now.event_time_ms,
        reason=reason,
    )

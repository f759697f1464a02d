"""What the door refuses about goods, and what repeats or overtakes it."""

from base64 import b64decode

import pytest

from apps.core.errors import ForbiddenTransfer, LedgerConflict
from apps.custody.models import (
    Event,
    Shipment,
)
from apps.custody.references import events_of
from apps.exchange import queries as drafts
from apps.ledger.models import Pending, Statement
from pharmatrace.demo.cast import NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.signing import sign_statement
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials, site


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission()
    return told


def refused(code: str, kind: type[Exception] = ForbiddenTransfer):
    return pytest.raises(kind, check=lambda error: error.code == code)


@pytest.mark.parametrize(
    ("player", "step", "wish", "code"),
    [
        (STELLA, "dispense", {"items": [pack("S000000")]}, "not_in_your_custody"),
        (STELLA, "dispense", {"items": [pack("NEVER")]}, "not_in_your_custody"),
        (NOVAMED, "dispense", {"items": [pack("S000000")]}, "not_licensed_to_supply"),
        (NOVAMED, "pack", {"container": box(9), "items": [pack("S000000")]},
         "container_unknown"),
        (TRANSPHARM, "sample", {"items": [pack("S000000")]}, "not_in_your_custody"),
    ],
)  # fmt: skip
def test_the_law_refuses_already_at_the_draft(
    goods: Goods, player, step: str, wish: dict[str, object], code: str
) -> None:
    before = Statement.objects.count()

    with refused(code):
        goods.do(player, step, **wish)

    assert Statement.objects.count() == before


def test_a_draft_that_was_overtaken_is_refused_and_nothing_is_written(
    goods: Goods,
) -> None:
    wish = {
        "kind": "event",
        "step": "ship",
        "site": site(NOVAMED),
        "items": [pack("S000000")],
        "to": {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)},
    }
    stage = goods.stage
    draft = drafts.draft(wish=wish, actor=stage.actor(NOVAMED), at=stage.tick())
    goods.do(NOVAMED, "sample", items=[pack("S000000")])
    before = (Event.objects.count(), Pending.objects.count())

    with refused("serial_ended"):
        stage.submit(draft, stage.keyring.key_of(NOVAMED))

    assert (Event.objects.count(), Pending.objects.count()) == before


def test_a_container_that_changed_after_the_draft_differs(goods: Goods) -> None:
    goods.fill(1, serials(48))
    stage = goods.stage
    wish = {
        "kind": "event",
        "step": "ship",
        "site": site(NOVAMED),
        "items": [box(1)],
        "to": {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)},
    }
    draft = drafts.draft(wish=wish, actor=stage.actor(NOVAMED), at=stage.tick())
    goods.do(NOVAMED, "unpack", container=box(1), items=[pack("S000000")])

    with refused("subjects_differ", LedgerConflict) as conflict:
        stage.submit(draft, stage.keyring.key_of(NOVAMED))

    assert Shipment.objects.count() == 0
    fresh = conflict.value.extra["draft"]
    assert fresh["subjects"][0]["n"] == 47
    payload = b64decode(fresh["payload"])
    stage.send(sign_statement(payload, stage.keyring.key_of(NOVAMED)))
    assert Shipment.objects.count() == 1


def test_the_same_statement_twice_is_one_event(goods: Goods) -> None:
    stage = goods.stage
    wish = {
        "kind": "event",
        "step": "sample",
        "site": site(NOVAMED),
        "items": [pack("S000000")],
    }
    draft = drafts.draft(wish=wish, actor=stage.actor(NOVAMED), at=stage.tick())
    envelope = sign_statement(draft.payload, stage.keyring.key_of(NOVAMED))

    first, second = stage.send(envelope), stage.send(envelope)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.receipt == second.receipt
    assert goods.where()[(NOVAMED.gln, "sampled")] == 1


def test_a_file_of_events_is_judged_line_by_line(goods: Goods) -> None:
    at_home = {"site": site(NOVAMED)}
    wish = {
        "kind": "events",
        "events": [
            {**at_home, "step": "new_container", "container": box(1)},
            {
                **at_home,
                "step": "pack",
                "container": box(1),
                "items": packs(serials(5)),
            },
            {**at_home, "step": "new_container", "container": box(2)},
            {**at_home, "step": "pack", "container": box(2), "items": [box(1)]},
            {
                **at_home,
                "step": "ship",
                "items": [box(2)],
                "to": {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)},
            },
            {**at_home, "step": "void", "shipment": "#4"},
        ],
    }

    accepted = goods.stage.act(NOVAMED, wish)

    refs = Event.objects.filter(ref__range=events_of(accepted.statement_id)).order_by(
        "pk"
    )
    assert [event.ref for event in refs] == [
        f"{accepted.statement_id}#{number}" for number in range(6)
    ]
    assert len(accepted.tags) == 2
    assert goods.where() == {(NOVAMED.gln, "active"): 100}


def test_a_file_is_accepted_whole_or_not_at_all(goods: Goods) -> None:
    at_home = {"site": site(NOVAMED)}
    wish = {
        "kind": "events",
        "events": [
            {**at_home, "step": "sample", "items": [pack("S000000")]},
            {**at_home, "step": "sample", "items": [pack("S000000")]},
        ],
    }

    with refused("serial_ended"):
        goods.stage.act(NOVAMED, wish)

    assert goods.where() == {(NOVAMED.gln, "active"): 100}

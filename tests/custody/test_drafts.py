"""A file is drafted in memory, as the door would take its events one by one."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.core.errors import ForbiddenTransfer, TraceError
from apps.core.gs1 import compute_check_digit
from apps.core.statement import parse_statement
from apps.custody import models
from apps.exchange import queries as drafts
from apps.ledger.formats import Draft
from apps.ledger.queries import find_vault
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials, site
from tests.custody.mallory import verify_whole
from tests.custody.model import BOXES, NAMES, begin
from tests.recalls.calls import open_recall

HOME = {"site": site(TRANSPHARM)}
TO = {"to": {"gln": STELLA.gln, "site": site(STELLA)}}
LOT = {"gtin": AMOXIL.gtin, "lot": "A1"}
MOMENT = {"event_time": "2026-03-01T10:00:00.000Z"}
NOWHERE = "f" * 64
Wishes = list[dict[str, Any]]


_BODY = f"0{TRANSPHARM.prefixes[0]}".ljust(17, "7")
NEW = f"https://id.gs1.org/00/{_BODY}{compute_check_digit(_BODY)}"  # its own number

# Of a wholesaler who has a pallet with a case and a pack, and expects four packs.
_boxes = st.sampled_from([*BOXES[:2], NEW, NEW])
_pack = st.sampled_from(NAMES[:9]).map(pack)
_lot = st.sampled_from([LOT, {**LOT, "count": 1}, {**LOT, "count": 2}])
_items = st.lists(st.one_of(_pack, _pack, _boxes, _lot), min_size=1, max_size=2)
_some = st.one_of(st.just([]), st.lists(_pack, min_size=1, max_size=2))
_ref = st.sampled_from(["expected", "#0", "#1", "#2"])
_wish = st.one_of(
    st.just({"step": "new_container", "container": NEW}),
    st.fixed_dictionaries(
        {"step": st.just("pack"), "container": _boxes, "items": _items}
    ),
    st.fixed_dictionaries(
        {"step": st.just("unpack"), "container": _boxes, "items": _some}
    ),
    st.fixed_dictionaries({"step": st.just("ship"), "items": _items}).map(
        lambda wish: wish | TO
    ),
    st.fixed_dictionaries(
        {
            "step": st.sampled_from(["receive", "receive", "void"]),
            "shipment": _ref,
            "items": _some,
        }
    ),
    st.fixed_dictionaries(
        {
            "step": st.sampled_from(["hold", "release", "sample", "lost"]),
            "items": _items,
        }
    ),
    st.fixed_dictionaries({"step": st.just("return_ship"), "items": _items}),
    st.just({"step": "undo", "parents": ["received"]}),
)


@contextmanager
def undone() -> Iterator[None]:
    undo = transaction.atomic()
    undo._from_testcase = True  # the door's transactions are durable otherwise
    with undo:
        yield
        transaction.set_rollback(True)


def put(wish: dict[str, Any], name: Callable[[str], str]) -> dict[str, Any]:
    """The wish with its references as they are called there."""
    found = {**HOME, **MOMENT, **wish}
    if "shipment" in wish:
        found["shipment"] = name(wish["shipment"])
    if "parents" in wish:
        found["parents"] = [name(each) for each in wish["parents"]]
    return found


def one_by_one(
    goods: Goods, wishes: Wishes, refs: dict[str, str]
) -> tuple[list[Any], str]:
    """Each event as it was signed, and why the next was refused."""
    events: list[Any] = []
    refs = dict(refs)
    for number, wish in enumerate(wishes):
        said = {"kind": "event", **put(wish, lambda ref: refs.get(ref, NOWHERE))}
        try:
            ref = goods.stage.act(TRANSPHARM, said).statement_id
        except TraceError as refusal:
            return events, refusal.code
        refs[f"#{number}"] = ref
        vault = find_vault(ref)
        assert vault is not None
        events.append(parse_statement(bytes(vault.payload)).body)
    return events, ""


def draft_file(goods: Goods, wishes: Wishes) -> Draft:
    stage = goods.stage
    return drafts.draft(
        wish={"kind": "events", "events": wishes},
        actor=stage.actor(TRANSPHARM),
        at=stage.tick(),
    )


def as_file(
    goods: Goods, wishes: Wishes, refs: dict[str, str]
) -> tuple[list[Any], str]:
    """The same of one file, which the door has to accept if it could be drafted."""
    said = [put(wish, lambda ref: refs.get(ref, ref)) for wish in wishes]
    try:
        draft = draft_file(goods, said)
    except TraceError as refusal:
        return [], refusal.code
    goods.stage.submit(draft, goods.stage.keyring.key_of(TRANSPHARM))
    assert draft.lines is not None
    return [json.loads(line)["event"] for line in draft.lines.splitlines()], ""


@pytest.mark.django_db
def test_a_file_is_judged_as_its_events_are_one_by_one(stage: Stage) -> None:
    goods, _model = begin(stage)
    earlier = goods.ship(packs(NAMES[4:6]))
    refs = {
        "received": goods.receive(earlier),
        "expected": goods.ship(packs(NAMES[:4])),
    }
    codes: set[str] = set()

    @given(st.lists(_wish, min_size=2, max_size=4))
    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    def compare(wishes: Wishes) -> None:
        with undone():
            events, code = one_by_one(goods, wishes, refs)
        with undone():
            filed, refused = as_file(goods, wishes, refs)
        codes.add(code)
        assert refused == code
        if not code:
            assert filed == events

    compare()

    assert "" in codes
    assert len(codes) > 5


@pytest.mark.django_db
def test_a_later_wish_stands_on_what_earlier_ones_did(stage: Stage) -> None:
    goods, _model = begin(stage)
    expected = goods.ship(packs(NAMES[:4]))
    rows = models.Event.objects.count()
    wishes = [
        {**HOME, "step": "receive", "shipment": expected},
        {**HOME, "step": "new_container", "container": NEW},
        {**HOME, "step": "pack", "container": NEW, "items": [{**LOT, "count": 3}]},
        {**HOME, "step": "ship", "items": [NEW], **TO},
        {**HOME, "step": "void", "shipment": "#3"},
        {**HOME, "step": "unpack", "container": NEW, "items": packs(NAMES[:1])},
        {**HOME, "step": "ship", "items": [LOT], **TO},
    ]

    draft = draft_file(goods, wishes)

    assert draft.words == (
        "7 events. First: Transpharm receives 4 packs (4 of lot A1)."
        " Last: Transpharm ships 7 packs in 2 containers (7 of lot A1)"
        " to Stella Pharmacy."
    )
    assert models.Event.objects.count() == rows
    goods.stage.submit(draft, goods.stage.keyring.key_of(TRANSPHARM))
    assert goods.where()[TRANSPHARM.gln, "in_transit"] == 7
    verify_whole(goods)


@pytest.mark.django_db
def test_what_an_earlier_wish_took_is_gone(stage: Stage) -> None:
    goods = Goods(stage)
    goods.commission(count=3)
    home, items = {"site": site(NOVAMED)}, packs(serials(1))
    wish = {
        "kind": "events",
        "events": [{**home, "step": "sample", "items": items}] * 2,
    }

    with pytest.raises(ForbiddenTransfer) as refusal:
        drafts.draft(wish=wish, actor=stage.actor(NOVAMED), at=stage.tick())

    assert refusal.value.code == "serial_ended"


@pytest.mark.django_db
def test_a_lot_goes_back_on_the_sale_by_which_it_came(stage: Stage) -> None:
    goods, _model = begin(stage)
    other_sale = goods.deliver(packs(NAMES[:2]))[1]

    back = goods.do(STELLA, "return_ship", items=[{**LOT, "count": 2}])

    assert models.Event.objects.get(ref=back.statement_id).parent_ref == other_sale
    verify_whole(goods)


@pytest.mark.django_db
def test_a_recalled_lot_goes_back_to_its_seller(stage: Stage) -> None:
    goods, _model = begin(stage)
    recall = open_recall(stage)
    to = {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}

    goods.do(STELLA, "recall_ship", items=[LOT], to=to, parents=[recall.pk])

    assert goods.where()[STELLA.gln, "in_transit"] == 4
    verify_whole(goods)


def _opened_and_filled(count: int) -> dict[str, Any]:
    home = {"site": site(NOVAMED)}
    events: Wishes = []
    for number in range(count):
        case = {**home, "container": box(number + 1)}
        named = [{**LOT, "count": 1}, *packs(serials(1, 50 + number))]
        events += [{**case, "step": "new_container"}]
        events += [{**case, "step": "pack", "items": named}]
    return {"kind": "events", "events": events}


@pytest.mark.django_db
def test_many_wishes_ask_no_more_than_few(stage: Stage) -> None:
    goods = Goods(stage)
    goods.commission(count=100)
    asked = []

    for count in (2, 20):
        with CaptureQueriesContext(connection) as caught:
            drafts.draft(
                wish=_opened_and_filled(count),
                actor=stage.actor(NOVAMED),
                at=stage.tick(),
            )
        asked.append(len(caught))

    assert asked[0] == asked[1]


@pytest.mark.django_db(transaction=True)
def test_a_draft_waits_for_nobody(stage: Stage) -> None:
    goods = Goods(stage)
    goods.commission(count=100)
    actor, at = stage.actor(NOVAMED), stage.tick()
    is_held, is_drafted = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                models.Holding.objects.update(count=100)
                list(models.ForwardChunk.objects.select_for_update())
                list(goods.batch()._meta.model.objects.select_for_update())
                is_held.set()
                is_drafted.wait(60)
        finally:
            connection.close()

    holder = Thread(target=hold)
    holder.start()
    try:
        assert is_held.wait(60)
        with CaptureQueriesContext(connection) as caught:
            drafts.draft(wish=_opened_and_filled(2), actor=actor, at=at)
    finally:
        is_drafted.set()
        holder.join()

    said = "\n".join(query["sql"] for query in caught.captured_queries)
    assert "IMMEDIATE" not in said
    assert "FOR UPDATE" not in said
    assert "FOR KEY SHARE" not in said

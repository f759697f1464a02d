"""How many questions a statement asks the database: a few, however much it names."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core.errors import ForbiddenTransfer, LedgerConflict
from apps.custody.models import Event, EventChunk, EventLine, Holding
from apps.custody.operations import record
from apps.exchange import operations as exchange
from apps.exchange.formats import read_submission
from apps.ledger import operations as ledger
from apps.ledger.models import Pending, Statement, Vault
from apps.ledger.operations import Submission
from pharmatrace.demo.cast import NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials, site
from tests.custody.mallory import verify_whole
from tests.custody.racing import Signed, signed, signed_wish

pytestmark = pytest.mark.django_db(transaction=True)

# PostgreSQL writes many tables in one statement; SQLite asks no server over a wire.
MOST = {"postgresql": 7, "sqlite": 19}
TO_TRANSPHARM = {"to": {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}}
TO_STELLA = {"to": {"gln": STELLA.gln, "site": site(STELLA)}}


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=60)
    return told


@contextmanager
def few_questions(*, more: int = 0) -> Iterator[None]:
    with CaptureQueriesContext(connection) as caught:
        yield
    asked = [
        query["sql"]
        for query in caught.captured_queries
        if query["sql"] not in {"BEGIN", "BEGIN IMMEDIATE", "COMMIT"}
    ]
    most = MOST[connection.vendor] + more
    assert len(asked) <= most, "\n".join(each[:99] for each in asked)


def send(goods: Goods, said: Signed) -> str:
    envelope, lines = said
    with few_questions():
        return goods.stage.send(envelope, lines).statement_id


def submission(goods: Goods, said: Signed) -> Submission:
    return read_submission(
        envelope=said[0],
        lines=said[1],
        at=goods.stage.tick(),
        origin=settings.LEDGER_ORIGIN,
    )


def submit_all(goods: Goods, *said: Signed) -> list[str]:
    submissions = [submission(goods, each) for each in said]
    accepted = exchange.submit_all(submissions=submissions, at=goods.stage.tick())
    return [each.statement_id for each in accepted]


def count_rows() -> dict[str, int]:
    models = (Statement, Vault, Pending, Event, EventLine, EventChunk, Holding)
    return {model.__name__: model.objects.count() for model in models}


def test_a_transfer_asks_at_most_seven_questions(goods: Goods) -> None:
    goods.commission(lot="B2", names=["B-1", "B-2", "B-3"])
    goods.fill(1, serials(5, 10))
    items = [box(1), *packs(serials(5, 20)), pack("B-1")]

    ref = send(goods, signed(goods, NOVAMED, "ship", items=items, **TO_TRANSPHARM))
    part = packs(serials(3, 20))
    send(goods, signed(goods, TRANSPHARM, "receive", shipment=ref, items=part))
    send(goods, signed(goods, TRANSPHARM, "receive", shipment=ref))
    sale = send(goods, signed(goods, TRANSPHARM, "ship", items=part, **TO_STELLA))
    send(goods, signed(goods, STELLA, "receive", shipment=sale))
    send(goods, signed(goods, STELLA, "dispense", items=part[:1]))
    back = send(goods, signed(goods, STELLA, "return_ship", items=part[1:]))
    send(goods, signed(goods, TRANSPHARM, "return_receive", shipment=back))

    verify_whole(goods, "A1", "B2")


def test_packing_asks_no_more(goods: Goods) -> None:
    goods.do(NOVAMED, "new_container", container=box(1))
    wish = {"container": box(1), "items": packs(serials(10))}

    send(goods, signed(goods, NOVAMED, "pack", **wish))
    one = {"container": box(1), "items": packs(serials(1))}
    send(goods, signed(goods, NOVAMED, "unpack", **one))
    send(goods, signed(goods, NOVAMED, "sample", items=packs(serials(1, 5))))

    verify_whole(goods)


def _shift(goods: Goods, count: int) -> Signed:
    home = {"site": site(NOVAMED), "step": "sample"}
    events = [{**home, "items": [name]} for name in packs(serials(count))]
    return signed_wish(goods, NOVAMED, {"kind": "events", "events": events})


def test_a_file_of_events_asks_as_much_as_one_event(goods: Goods) -> None:
    send(goods, _shift(goods, 30))

    assert goods.where()[NOVAMED.gln, "sampled"] == 30
    verify_whole(goods)


def test_many_statements_ask_one_question_more_than_one(goods: Goods) -> None:
    said = [
        signed(goods, NOVAMED, "sample", items=[name]) for name in packs(serials(9))
    ]

    with few_questions(more=1):  # which of them are known
        names = submit_all(goods, *said)

    numbers = Statement.objects.in_bulk(names)
    ordered = [numbers[name].accept_no for name in names]
    assert ordered == sorted(ordered)
    verify_whole(goods)


def test_lines_lean_on_those_before_them_however_they_are_cut(
    goods: Goods, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = {"site": site(NOVAMED)}
    ship = {**home, "step": "ship", "items": [box(1)], **TO_TRANSPHARM}
    events = [
        {**home, "step": "new_container", "container": box(1)},
        {**home, "step": "new_container", "container": box(2)},
        {**home, "step": "pack", "container": box(2), "items": packs(serials(4))},
        {**home, "step": "pack", "container": box(1), "items": [box(2)]},
        ship,
        {**home, "step": "void", "shipment": "#4"},
        {**home, "step": "unpack", "container": box(1), "items": [box(2)]},
        {**home, "step": "hold", "items": [box(2)]},
        {**home, "step": "correct", "parents": ["#2"], "container": box(2)},
    ]
    told = signed_wish(goods, NOVAMED, {"kind": "events", "events": events[:8]})
    before = goods.where()
    for most in (1, 3, 200):
        monkeypatch.setattr(record, "_AT_ONCE", most)
        with pytest.raises(_UndoneError):
            _try(goods, told)
    assert goods.where() == before

    goods.stage.send(*told)

    assert goods.where() == before
    verify_whole(goods)


class _UndoneError(Exception):
    pass


def _try(goods: Goods, said: Signed) -> None:
    """Record and look whether all holds, then undo it."""
    with transaction.atomic():
        record.record_all([submission(goods, said)], located=lambda _: nullcontext())
        verify_whole(goods)
        raise _UndoneError


def test_one_forbidden_statement_among_many_writes_nothing(goods: Goods) -> None:
    names = packs(serials(5))
    said = [signed(goods, NOVAMED, "sample", items=[name]) for name in names]
    said.insert(3, signed(goods, NOVAMED, "destroy", items=names[:1]))
    before = count_rows()

    with pytest.raises(ForbiddenTransfer) as refusal:
        submit_all(goods, *said)

    assert (refusal.value.code, refusal.value.field) == ("serial_ended", "3")
    assert count_rows() == before
    verify_whole(goods)


def test_a_statement_twice_in_one_request_is_accepted_once(goods: Goods) -> None:
    said = signed(goods, NOVAMED, "sample", items=packs(serials(1)))
    again = [submission(goods, said), submission(goods, said)]

    first, second = exchange.submit_all(submissions=again, at=goods.stage.tick())

    assert (first.is_new, second.is_new) == (True, False)
    assert first.receipt == second.receipt
    assert Event.objects.filter(ref=first.statement_id).count() == 1


def test_a_statement_leans_on_one_of_another_party_in_the_same_request(
    goods: Goods,
) -> None:
    first = signed(goods, NOVAMED, "ship", items=packs(serials(2)), **TO_TRANSPHARM)
    ref = goods.stage.send(*first).statement_id
    second = signed(goods, TRANSPHARM, "receive", shipment=ref)
    third = signed(goods, NOVAMED, "sample", items=packs(serials(1, 30)))

    names = submit_all(goods, first, second, third)

    assert names[0] == ref
    assert goods.where()[TRANSPHARM.gln, "active"] == 2
    verify_whole(goods)


def test_goods_that_changed_between_looking_and_locking_are_read_anew(
    goods: Goods, monkeypatch: pytest.MonkeyPatch
) -> None:
    goods.fill(1, serials(5))
    said = signed(goods, NOVAMED, "ship", items=[box(1)], **TO_TRANSPHARM)
    asked = []

    def find(*args, **named):
        found = find_touched(*args, **named)
        if not asked:
            found.box_ids.clear()
        asked.append(found)
        return found

    find_touched = record.find_touched
    monkeypatch.setattr(record, "find_touched", find)

    goods.stage.send(*said)

    assert len(asked) == 2
    verify_whole(goods)


def test_what_changes_every_time_is_a_lost_race(
    goods: Goods, monkeypatch: pytest.MonkeyPatch
) -> None:
    goods.fill(1, serials(5))
    said = signed(goods, NOVAMED, "ship", items=[box(1)], **TO_TRANSPHARM)
    before = count_rows()

    def find(*args, **named):
        found = find_touched(*args, **named)
        found.box_ids.clear()
        return found

    find_touched = record.find_touched
    monkeypatch.setattr(record, "find_touched", find)

    with pytest.raises(LedgerConflict) as conflict:
        goods.stage.send(*said)

    assert conflict.value.code == "lost_race"
    assert count_rows() == before


@pytest.mark.parametrize("step", ["destroy", "sample"])
def test_what_is_said_again_is_answered_from_the_record(
    goods: Goods, step: str
) -> None:
    envelope, lines = signed(goods, NOVAMED, step, items=packs(serials(3)))
    first = goods.stage.send(envelope, lines)
    before = count_rows()

    again = goods.stage.send(envelope, lines)

    assert again == replace(first, is_new=False)
    assert count_rows() == before
    ledger.quarantine(reason="a test", at=goods.stage.at)
    assert goods.stage.send(envelope, lines) == again

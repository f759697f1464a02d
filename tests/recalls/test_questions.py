"""How often recalls ask the database: the same for one lot and for many."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Batch
from apps.custody.queries.holders import ever_held, ever_held_among, held_by, shares
from apps.recalls.operations import flag_affected
from apps.recalls.queries.affected import affected
from apps.recalls.queries.case import Case
from apps.recalls.queries.own_lots import list_own_lots
from apps.recalls.queries.trace import find_trace
from apps.recalls.queries.where import Criteria, find_where
from pharmatrace.demo.cast import AMOXIL, LINDE, NOVAMED, REGULATOR, STELLA, TRANSPHARM
from tests.journeys.api_client import ApiClient
from tests.recalls.calls import answer, open_recall, packs, spread


def asked(question):
    """What a question answers, and what it costs once the caches are warm."""
    question()
    with CaptureQueriesContext(connection) as captured:
        found = question()
    return found, [query["sql"] for query in captured]


@pytest.fixture
def lots(stage):
    """Lot A1 in the trade, and A2 and A3, of which Stella has some packs each."""
    goods = spread(stage)
    for lot in ("A2", "A3"):
        names = [f"{lot}N{n}" for n in range(8)]
        goods.commission(lot=lot, names=names)
        goods.deliver(packs(names[:3]))
    return goods


def test_where_several_lots_are_is_two_questions(lots):
    actor = lots.stage.actor(REGULATOR)
    found, texts = asked(lambda: find_where(Criteria(gtin=AMOXIL.gtin), actor=actor))

    assert len(texts) == 2
    assert found.lots == 3
    assert found.tally.total == 116
    named = {(row.lot, row.holder_name, row.count) for row in found.rows}
    assert {("A2", STELLA.name, 3), ("A3", NOVAMED.name, 5)} <= named
    contacts = {row.holder: row.contact.phone for row in found.rows}
    assert contacts[STELLA.gln] == STELLA.phone


def test_where_one_pack_is_is_three_questions(lots):
    actor = lots.stage.actor(REGULATOR)
    one = Criteria(gtin=AMOXIL.gtin, serial="A2N1")
    found, texts = asked(lambda: find_where(one, actor=actor))

    assert len(texts) == 3
    assert [(row.lot, row.holder, row.count) for row in found.rows] == [
        ("A2", STELLA.gln, 1)
    ]


def test_a_recall_of_several_lots_is_three_questions(lots):
    recall = open_recall(lots.stage, "A1", "A2", "A3")
    answer(lots.stage, recall, lot="A2", quarantined=3)
    rows, texts = asked(lambda: affected(Case(recall)))

    assert len(texts) <= 3
    assert sum(row.count for row in rows) == 116
    assert {row.lot for row in rows if row.answer is not None} == {"A2"}


def test_ones_own_lots_of_a_recall_are_four_questions(lots):
    recall = open_recall(lots.stage, "A1", "A2", "A3")
    actor = lots.stage.actor(STELLA)
    own, texts = asked(lambda: list_own_lots(case=Case(recall), actor=actor))

    assert len(texts) <= 4
    assert [(each.batch.lot, each.total, each.held, each.gone) for each in own] == [
        ("A1", 10, 6, 4),
        ("A2", 3, 3, 0),
        ("A3", 3, 3, 0),
    ]


def test_the_machines_query_is_two_questions_beside_log_in_and_log(lots):
    regulator = ApiClient.of(lots.stage, REGULATOR)
    path = f"/api/v1/recall-query?gtin={AMOXIL.gtin}"
    body, texts = asked(lambda: regulator.get(path).json)

    assert body["tally"]["total"] == 116
    beside = ("partners_apitoken", "partners_readaudit")
    assert len([t for t in texts if not any(name in t for name in beside)]) == 2
    assert len(texts) == 4


def test_a_console_asks_no_more_for_more_lots(stage, client):
    goods, counts = spread(stage), []
    client.force_login(stage.actor(REGULATOR).user)
    for lot in ("A1", "A2", "A3"):
        if lot != "A1":
            goods.commission(lot=lot, names=[f"{lot}N{n}" for n in range(4)])
        recall = open_recall(stage, *{"A1", lot})
        flag_affected(recall_id=recall.pk, at=stage.tick())
        page, texts = asked(lambda r=recall: client.get(f"/recalls/{r.pk}"))
        assert page.status_code == 200
        counts.append(len(texts))

    assert max(counts) == min(counts) <= 20


@pytest.mark.parametrize(("serial", "most"), [("", 4), ("S000002", 3)])
def test_a_trace_is_few_questions(stage, serial, most):
    spread(stage)
    actor = stage.actor(STELLA)
    trace, texts = asked(
        lambda: find_trace(gtin=AMOXIL.gtin, lot="A1", serial=serial, actor=actor)
    )

    assert trace is not None
    assert len(texts) == most


def test_a_pack_is_not_traced_under_another_lot(lots):
    actor = lots.stage.actor(REGULATOR)
    of_pack = {"gtin": AMOXIL.gtin, "serial": "A2N1", "actor": actor}

    assert find_trace(lot="A1", **of_pack) is None
    assert find_trace(lot="A2", **of_pack) is not None


def test_ever_held_of_several_lots_is_one_question_and_says_the_same(lots):
    batches = list(Batch.objects.order_by("pk"))
    ids = [batch.pk for batch in batches]
    wholesalers = [TRANSPHARM.gln, LINDE.gln]
    found, texts = asked(lambda: ever_held_among(batch_ids=ids, glns=wholesalers))

    assert len(texts) == 1
    for batch in batches:
        one_by_one = [ever_held(batch_id=batch.pk, gln=gln) for gln in wholesalers]
        assert found[batch.pk] == one_by_one[0] | one_by_one[1]
    assert [len(found[pk]) for pk in ids] == [30, 3, 3]
    assert ever_held_among(batch_ids=ids, glns=[LINDE.gln]) == {}
    assert ever_held_among(batch_ids=ids, glns=[]) == {}


def test_what_a_partner_has_now_is_its_part_of_all_shares(lots):
    for batch in Batch.objects.all():
        everything = shares(
            batch_id=batch.pk, units=ever_held(batch_id=batch.pk, gln=NOVAMED.gln)
        )
        own = [each for each in everything if each.holder == STELLA.gln]
        found = held_by(batch_ids=[batch.pk], gln=STELLA.gln)
        assert {(s.status, tuple(s.units)) for s in found} == {
            (s.status, tuple(s.units)) for s in own
        }

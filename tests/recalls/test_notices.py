"""Who is told: by a job that may run late, twice, or be killed."""

from datetime import timedelta

import pytest
from django.db import connection

from apps.core.errors import LedgerConflict
from apps.jobs.models import Outbox
from apps.recalls import tasks
from apps.recalls.models import Notice, Recall
from apps.recalls.operations import flag_affected, sweep_notices
from apps.recalls.queries import count_open_notices
from pharmatrace.demo.cast import NOVAMED, REGULATOR, STELLA, TRANSPHARM
from tests.recalls.calls import (
    Goods,
    answer,
    close,
    open_recall,
    packs,
    serials,
    spread,
)


def told() -> dict[str, tuple[int, int]]:
    return {
        notice.partner.name: (notice.held_count, notice.supplied_count)
        for notice in Notice.objects.select_related("partner")
    }


def test_every_holder_learns_what_it_has_and_what_it_handed_on(stage):
    spread(stage)
    recall = open_recall(stage)

    flag_affected(recall_id=recall.pk, at=stage.tick())

    assert told() == {
        "Novamed": (70, 30),
        "Transpharm": (20, 10),
        "Stella Pharmacy": (6, 4),
    }
    recall.refresh_from_db()
    assert recall.flagged_at == stage.at


def test_the_job_run_twice_gives_the_same_rows(stage):
    spread(stage)
    recall = open_recall(stage)
    first, again = stage.tick(), stage.tick()

    counts = [flag_affected(recall_id=recall.pk, at=at) for at in (first, again)]

    assert counts == [3, 3]
    assert set(Notice.objects.values_list("created_at", flat=True)) == {first}
    assert Recall.objects.get().flagged_at == first


def test_a_job_that_is_killed_half_way_leaves_nothing_and_is_run_again(stage):
    spread(stage)
    recall = open_recall(stage)
    row = Outbox.objects.get(task="recalls.flag_affected")
    written = []

    def killing(execute, sql, params, many, context):
        if sql.startswith('INSERT INTO "recalls_notice"'):
            written.append(sql)
            if len(written) == 2:
                raise MemoryError("killed")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(killing):
        said = tasks.flag_affected(outbox_id=row.pk, recall_id=recall.pk)

    assert (said, len(written)) == ({"put_back": 1}, 2)
    assert Notice.objects.count() == 0
    assert sweep_notices(at=stage.tick()) == {"flagged": 1}
    assert Notice.objects.count() == 3


def test_the_task_runs_once_for_its_outbox_row(stage):
    spread(stage)
    recall = open_recall(stage)
    row = Outbox.objects.get(task="recalls.flag_affected")

    results = [
        tasks.flag_affected(outbox_id=row.pk, recall_id=recall.pk) for _ in range(2)
    ]

    assert results == [{"notices": 3}, {"skipped": 1}]


def test_the_sweep_finds_recalls_that_no_job_flagged_and_then_rests(stage):
    spread(stage)
    open_recall(stage)

    results = [sweep_notices(at=stage.tick()) for _ in range(2)]

    assert results == [{"flagged": 1}, {"flagged": 0}]
    assert tasks.sweep() == {"flagged": 0}


def test_whoever_receives_goods_that_were_under_way_is_told_then(stage):
    goods = Goods(stage)
    goods.commission()
    sent = goods.ship(packs(serials(20)))
    recall = open_recall(stage)
    flag_affected(recall_id=recall.pk, at=stage.tick())
    assert told() == {"Novamed": (100, 0)}

    goods.receive(sent)
    sweep_notices(at=stage.tick())

    assert told() == {"Novamed": (80, 20), "Transpharm": (20, 0)}


def test_the_maker_of_a_lot_that_is_born_recalled_is_told(stage):
    goods = Goods(stage)
    recall = open_recall(stage, "Z9")
    sweep_notices(at=stage.tick())
    assert told() == {}

    goods.commission("Z9", names=serials(3))
    sweep_notices(at=stage.tick())

    assert told() == {"Novamed": (3, 0)}
    assert Notice.objects.get().recall_id == recall.pk


def test_who_is_no_longer_meant_keeps_its_notice_with_nothing_in_it(stage):
    goods = spread(stage)
    goods.commission("B2", names=serials(5, start=500))
    recall = open_recall(stage, "A1", "B2")
    flag_affected(recall_id=recall.pk, at=stage.tick())
    wish = {"scope": {"lots": ["B2"]}, "reason": "Only B2."}
    stage.act(NOVAMED, {"kind": "recall.amend", "recall": recall.pk} | wish)

    sweep_notices(at=stage.tick())

    told_of_lots = {
        (notice.partner.name, notice.batch.lot): notice.held_count
        for notice in Notice.objects.select_related("partner", "batch")
    }
    assert told_of_lots == {
        ("Novamed", "A1"): 0,
        ("Transpharm", "A1"): 0,
        ("Stella Pharmacy", "A1"): 0,
        ("Novamed", "B2"): 5,
    }
    assert count_open_notices(STELLA.gln) == 0


def test_only_units_of_the_scope_are_told_of(stage):
    spread(stage)
    recall = open_recall(stage, scope={"serials": ["S000003", "S000015", "S000016"]})

    flag_affected(recall_id=recall.pk, at=stage.tick())

    assert told() == {
        "Novamed": (0, 3),
        "Transpharm": (2, 1),
        "Stella Pharmacy": (0, 1),
    }


def test_a_notice_waits_until_it_is_answered_or_the_recall_ends(stage):
    spread(stage)
    recall = open_recall(stage)
    assert count_open_notices(STELLA.gln) == 0
    flag_affected(recall_id=recall.pk, at=stage.tick())
    assert count_open_notices(STELLA.gln) == 1
    assert count_open_notices(REGULATOR.gln) == 0

    answer(stage, recall, quarantined=6, supplied=4)
    assert count_open_notices(STELLA.gln) == 0
    assert count_open_notices(TRANSPHARM.gln) == 1

    close(stage, recall)
    assert count_open_notices(TRANSPHARM.gln) == 0


def test_a_closed_recall_tells_nobody_and_takes_no_answer(stage):
    spread(stage)
    recall = open_recall(stage)
    close(stage, recall)

    assert flag_affected(recall_id=recall.pk, at=stage.tick()) == 0
    assert sweep_notices(at=stage.tick()) == {"flagged": 0}
    with pytest.raises(LedgerConflict) as refused:
        answer(stage, recall, quarantined=6, supplied=4)

    assert refused.value.code == "recall_closed"
    assert Notice.objects.count() == 0


def test_an_answer_marks_the_notice_read_and_more_units_make_it_new(stage):
    goods = spread(stage)
    sent = goods.ship(packs(["S000030"]))
    goods.receive(sent)
    late = goods.ship(packs(["S000031"]))
    recall = open_recall(stage)
    flag_affected(recall_id=recall.pk, at=stage.tick())
    notice = Notice.objects.get(partner__gln=TRANSPHARM.gln)
    answer(stage, recall, TRANSPHARM, quarantined=21, supplied=10)
    notice.refresh_from_db()
    assert notice.read_at == stage.at

    goods.receive(late)
    sweep_notices(at=stage.tick(timedelta(minutes=1)))

    notice.refresh_from_db()
    assert (notice.held_count, notice.read_at) == (22, None)

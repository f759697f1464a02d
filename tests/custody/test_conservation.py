"""Every night: no pack is lost and none is in two places, or somebody is woken."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from pyroaring import BitMap

from apps.alerts.models import Alert
from apps.custody import operations
from apps.custody.formats import to_bytes, to_set
from apps.custody.models import ConservationRun, EventLine, Holding, Imbalance
from apps.custody.queries.conservation import check_batch
from pharmatrace.celery import app
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA
from pharmatrace.demo.stage import Stage
from pharmatrace.tasks import check_conservation
from tests.custody.goods import Goods, packs, serials
from tests.frozen import go_on

AT = datetime(2026, 11, 29, 1, 37, tzinfo=UTC)


@pytest.fixture
def goods(stage: Stage) -> Goods:
    go_on(stage, "two lots, one of them on its way", _trade)
    return Goods(stage)


def _trade(stage: Stage) -> None:
    told = Goods(stage)
    told.commission(names=serials(60))
    told.commission(lot="B2", names=serials(20, start=500))
    told.deliver(packs(serials(30)))
    told.do(STELLA, "dispense", items=packs(serials(5)))


def _change(row: Holding, units: BitMap, count: int | None = None) -> None:
    size = len(units) if count is None else count
    Holding.objects.filter(pk=row.pk).update(units=to_bytes(units), count=size)


def _of(holder: str) -> Holding:
    return Holding.objects.get(
        holder=holder, status="active", batch__lot="A1", count__gt=0
    )


def _lose() -> None:
    _change(_of(STELLA.gln), to_set(_of(STELLA.gln).units) - BitMap([7]))


def _double() -> None:
    _change(_of(NOVAMED.gln), to_set(_of(NOVAMED.gln).units) | BitMap([7]))


def _invent() -> None:
    _change(_of(NOVAMED.gln), to_set(_of(NOVAMED.gln).units) | BitMap([60, 61]))


def _miscount() -> None:
    _change(_of(NOVAMED.gln), to_set(_of(NOVAMED.gln).units), count=31)


def _swap() -> None:
    """Two packs change places: all is there once, but nobody ever moved them."""
    one, other = _of(STELLA.gln), _of(NOVAMED.gln)
    _change(one, (to_set(one.units) - BitMap([7])) | BitMap([40]))
    _change(other, (to_set(other.units) - BitMap([40])) | BitMap([7]))


def _spoil() -> None:
    Holding.objects.filter(pk=_of(STELLA.gln).pk).update(units=b"\x00\x01")


def _forget() -> None:
    """The last move is taken away: the holdings know more than the events."""
    EventLine.objects.filter(target_status="dispensed").update(
        target_status="destroyed"
    )


def _health() -> tuple[int, dict[str, str]]:
    answer = Client().get("/health")
    return answer.status_code, json.loads(answer.content)["checks"]["conservation"]


def test_a_true_ledger_is_conserved_and_says_when_that_was_seen(goods: Goods) -> None:
    assert _health()[1] == {"status": "pass", "detail": "not checked yet"}

    counted = check_conservation()

    assert counted == {"batches": 2, "broken": 0}
    assert not Alert.objects.exists()
    run = ConservationRun.objects.get()
    assert (run.batches, run.last_batch) == (2, 0)
    assert run.holdings == Holding.objects.count()
    assert _health()[1]["detail"].startswith("2 lots checked ")


@pytest.mark.parametrize(
    ("corrupt", "said"),
    [
        (_lose, "1 of 60 units are nowhere"),
        (_double, "1 units are in two places"),
        (_invent, "2 units were never commissioned"),
        (_miscount, f"active at {NOVAMED.gln}, site 9521568000024 counts 31, holds 30"),
        (_swap, f"active at {STELLA.gln}, site 9524141000022 holds 25, its moves leave 25"),
        (_spoil, "set unreadable"),
        (_forget, "dispensed at 9524141000015, site 9524141000022 holds 5, its moves"
         " leave 0"),
    ],
)  # fmt: skip
def test_a_corrupted_holding_wakes_somebody_and_is_left_as_it_is(
    goods: Goods, corrupt: Callable[[], None], said: str
) -> None:
    corrupt()
    before = list(Holding.objects.order_by("pk").values_list("count", "units"))

    counted = check_conservation()

    assert counted == {"batches": 2, "broken": 1}
    alert = Alert.objects.get()
    assert (alert.kind, alert.gtin, alert.lot) == ("not_conserved", AMOXIL.gtin, "A1")
    found = Imbalance.objects.get()
    assert any(said.lower() in fault.lower() for fault in found.faults), found.faults
    status, line = _health()
    assert (status, line["status"]) == (503, "fail")
    assert line["detail"].startswith("1 lots do not add up, 2 lots checked")
    after = list(Holding.objects.order_by("pk").values_list("count", "units"))
    assert [(n, bytes(u)) for n, u in after] == [(n, bytes(u)) for n, u in before]


def test_the_same_fault_again_is_the_same_alert_and_a_mended_lot_is_well(
    goods: Goods,
) -> None:
    right = bytes(_of(STELLA.gln).units)
    _lose()
    check_conservation()
    check_conservation()

    assert Alert.objects.get().times == 2
    _change(_of(STELLA.gln), to_set(right))
    check_conservation()

    assert not Imbalance.objects.exists()
    assert _health()[1]["status"] == "pass"


def test_a_run_that_is_cut_off_goes_on_where_it_was(goods: Goods) -> None:
    first = operations.check_conservation(at=AT, is_enough=lambda: True)
    assert ConservationRun.objects.get().finished_at is None
    second = operations.check_conservation(at=AT, is_enough=lambda: True)
    third = operations.check_conservation(at=AT, is_enough=lambda: True)

    assert [first.batches, second.batches, third.batches] == [1, 1, 0]
    assert [first.is_finished, third.is_finished] == [False, True]
    run = ConservationRun.objects.get()
    assert (run.batches, run.last_batch, run.finished_at) == (2, 0, AT)


def test_a_rebuilt_lot_is_conserved(goods: Goods) -> None:
    _lose()
    assert check_batch(batch_id=goods.batch().pk, size=60).faults

    operations.rebuild()

    assert check_batch(batch_id=goods.batch().pk, size=60).faults == ()


def test_the_beat_starts_it_every_night() -> None:
    tasks = [each["task"] for each in app.conf.beat_schedule.values()]

    assert tasks.count("custody.check_conservation") == 1

"""The projections can be dropped and made again; what differs is found and named."""

import pytest
from django.db import connection
from pyroaring import BitMap

from apps.catalog.models import Batch, Product
from apps.core.errors import ForbiddenTransfer
from apps.custody import operations, queries
from apps.custody.formats import to_bytes, to_set
from apps.custody.models import (
    BatchHold,
    Container,
    ContainerLine,
    Discrepancy,
    Event,
    EventChunk,
    EventLine,
    ForwardChunk,
    Holding,
    SerialNumber,
    Shipment,
    ShipmentLine,
)
from apps.custody.queries.replay import Replay
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials
from tests.frozen import go_on


@pytest.fixture
def goods(stage: Stage) -> Goods:
    go_on(stage, "a lively lot", _trade)
    return Goods(stage)


def _trade(stage: Stage) -> None:
    """A lively lot: cases, a partial receipt, a supply undone, a return, a correction."""
    told = Goods(stage)
    told.commission()
    told.commission(names=serials(30, start=100))
    told.fill(1, serials(20))
    told.fill(2, serials(20, start=20))
    told.do(NOVAMED, "new_container", container=box(3))
    told.do(NOVAMED, "pack", container=box(3), items=[box(1), box(2)])
    ref = told.ship([box(3), *packs(serials(10, start=40))])
    told.receive(ref, items=[box(1), *packs(serials(10, start=40))])
    told.do(TRANSPHARM, "unpack", container=box(3))
    sale = told.ship([box(1)], by=TRANSPHARM, to=STELLA)
    told.receive(sale, by=STELLA)
    supply = told.do(STELLA, "dispense", items=packs(serials(3))).statement_id
    told.do(STELLA, "undo", parents=[supply], items=[pack("S000002")])
    told.do(STELLA, "unpack", container=box(1), items=[pack("S000010")])
    back = told.do(STELLA, "return_ship", items=[pack("S000010")]).statement_id
    told.do(TRANSPHARM, "return_receive", shipment=back)
    wrong = told.do(NOVAMED, "destroy", items=[pack("S000120")]).statement_id
    told.do(NOVAMED, "correct", parents=[wrong])
    told.do(NOVAMED, "hold", items=[pack("S000121")])


def test_a_clean_ledger_raises_no_alarm(goods: Goods) -> None:
    assert list(operations.replay_check()) == []


def _picture(goods: Goods) -> object:
    links = [
        [
            (link.ref, link.rule, link.target_status, link.is_corrected)
            for link in queries.history(batch_id=goods.batch().pk, ordinal=ordinal)
        ]
        for ordinal in (0, 2, 10, 20, 45, 120, 129)
    ]
    units = [
        (unit.holder, unit.status, unit.container, sorted(unit.holds))
        for name in serials(130)
        if (unit := queries.find_unit(gtin=AMOXIL.gtin, serial=name))
    ]
    return goods.where(), links, units


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_says_the_same_again(goods: Goods) -> None:
    before = _picture(goods)

    counts = operations.rebuild()

    assert counts["batches"] == 1
    assert _picture(goods) == before
    assert list(operations.replay_check()) == []


def test_a_lost_product_is_named_with_all_that_rests_on_it(goods: Goods) -> None:
    product = Product.objects.get(gtin=AMOXIL.gtin)
    with connection.constraint_checks_disabled():
        Product.objects.filter(pk=product.pk)._raw_delete(using="default")

        found = list(operations.replay_check())

        product.save(force_insert=True)  # the end of a test checks constraints
    tag = bytes(Batch.objects.get().tag).hex()
    assert f"batch {tag[:16]}: in one of ledger and tables only" in found
    assert f"container {box(1)}: holds units of a batch that has no row" in found


def _shrink(row, field: str = "units") -> None:
    units = to_set(getattr(row, field))
    units.discard(units.min())
    type(row).objects.filter(pk=row.pk).update(**{field: to_bytes(units)})


def _swap_serials() -> None:
    SerialNumber.objects.filter(serial="S000000").update(ordinal=500_000)


def _blind_vector() -> None:
    ForwardChunk.objects.update(holdings=bytes(4096))


def _blind_boxes() -> None:
    ForwardChunk.objects.update(containers=bytes(4096))


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (lambda: _shrink(Holding.objects.filter(count__gt=1)[0]), "holding"),
        (lambda: _other(Holding.objects.filter(count=0), "units",
                        to_bytes(BitMap([0]))), "counts 0, holds 1"),
        (lambda: Holding.objects.filter(count__gt=1).update(site="0" * 13), "differ"),
        (lambda: _shrink(EventLine.objects.filter(count__gt=1)[0]), "lines differ"),
        (lambda: Container.objects.filter(epc=box(2)).update(holder="x"), "container"),
        (lambda: _shrink(ShipmentLine.objects.filter(open_count__gt=0)[0], "open_units"),
         "under way"),
        (_swap_serials, "registry"),
        (_blind_vector, "vector"),
        (_blind_boxes, "vector"),
        (lambda: BatchHold.objects.all().delete(), "hold"),
        (lambda: EventLine.objects.filter(pk=EventLine.objects.order_by("pk")[0].pk)
         .update(units=to_bytes(to_set(b""))), "lines differ"),
    ],
)  # fmt: skip
def test_a_row_that_was_changed_is_found(goods: Goods, tamper, named: str) -> None:
    tamper()

    found = list(operations.replay_check())

    assert any(named in line for line in found), found


def _unreadable(rows) -> None:
    rows.update(units=b"no bitmap")


def _other(rows, column: str, value: object) -> None:
    row = rows.first()
    assert row is not None
    assert getattr(row, column) != value
    type(row).objects.filter(pk=row.pk).update(**{column: value})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("rule", "lost"), ("biz_step", "lost"),
        ("disposition", "lost"), ("action", "ADD"), ("by", "0" * 13),
        ("site", "0" * 13), ("counterparty", "0" * 13), ("accepted_ms", 1),
        ("event_time_ms", 1), ("parent_ref", "f" * 64), ("shipment_ref", "f" * 64),
        ("is_inferred", True), ("is_corrected", True), ("containers", ["x"]),
    ],
)  # fmt: skip
def test_a_changed_column_of_an_event_is_named(
    goods: Goods, column: str, value: object
) -> None:
    events = Event.objects.filter(rule="shipping").order_by("pk")
    ref = events[0].ref
    _other(events, column, value)

    assert list(operations.replay_check()) == [f"event {ref}: {column} differs"]


MOVED = EventLine.objects.filter(event__rule="receiving")
UNDER_WAY = Shipment.objects.filter(is_open=True)
SENT = ShipmentLine.objects.filter(open_count__gt=0)


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (lambda: _other(MOVED, "source_holder", "0" * 13), "lines differ"),
        (lambda: _other(MOVED, "source_site", "0" * 13), "lines differ"),
        (lambda: _other(MOVED, "source_status", "active"), "lines differ"),
        (lambda: _other(MOVED, "target_holder", "0" * 13), "lines differ"),
        (lambda: _other(MOVED, "target_site", "0" * 13), "lines differ"),
        (lambda: _other(MOVED, "count", 1), "counts 1"),
        (lambda: _other(EventChunk.objects, "chunk_no", 7), "index of chunks"),
        (lambda: _other(EventChunk.objects, "first", 7), "index of chunks"),
        (lambda: _other(EventChunk.objects, "last", 7), "index of chunks"),
        (lambda: EventChunk.objects.all().delete(), "index of chunks"),
        (lambda: _unreadable(EventLine.objects), "set unreadable"),
        (lambda: _unreadable(Holding.objects), "set unreadable"),
        (lambda: _unreadable(ContainerLine.objects), "set unreadable"),
        (lambda: ForwardChunk.objects.update(holdings=b"odd"), "set unreadable"),
        (lambda: ForwardChunk.objects.all().delete(), "vectors of chunks"),
        (lambda: _other(ContainerLine.objects, "count", 1), "counts differ"),
        (lambda: _other(UNDER_WAY, "sender", "0" * 13), "sender"),
        (lambda: _other(UNDER_WAY, "sender_site", "0" * 13), "sender"),
        (lambda: _other(UNDER_WAY, "addressee", "0" * 13), "addressee"),
        (lambda: _other(UNDER_WAY, "addressee_site", "0" * 13), "addressee's site"),
        (lambda: _other(UNDER_WAY, "purpose", "return"), "purpose"),
        (lambda: _other(UNDER_WAY, "documents", ["x"]), "documents"),
        (lambda: _other(UNDER_WAY, "is_open", False), "being open"),
        (lambda: _other(SENT, "sent_count", 1), "counts differ"),
        (lambda: _other(SENT, "open_count", 1), "counts differ"),
        (lambda: _shrink(SENT[0], "sent"), "units sent"),
        (lambda: _other(Discrepancy.objects, "count", 1), "shortages"),
        (lambda: _other(Discrepancy.objects, "is_settled", True), "shortages"),
        (lambda: _other(Discrepancy.objects, "receipt_ref", "x"), "shortages"),
        (lambda: _other(Discrepancy.objects, "kind", "x"), "unknown kind"),
        (lambda: Discrepancy.objects.all().delete(), "shortages"),
    ],
)  # fmt: skip
def test_a_changed_line_shipment_or_shortage_is_found(
    goods: Goods, tamper, named: str
) -> None:
    tamper()

    found = list(operations.replay_check())

    assert any(named in line for line in found), found


def test_events_that_nobody_said_are_found(goods: Goods) -> None:
    row = Event.objects.latest("pk")
    row.pk, row.ref = None, "f" * 64
    row.save(force_insert=True)
    line = EventLine.objects.latest("pk")
    line.pk, line.event = None, row
    line.save(force_insert=True)

    found = list(operations.replay_check())

    assert any(line.startswith("events: ") for line in found)
    assert any(line.startswith("event lines: ") for line in found)


def test_the_replay_knows_when_a_site_went_to_another_partner(stage: Stage) -> None:
    """What is written past the door, at a site that was given up, is found."""
    told = Goods(stage)
    told.commission(count=5)
    old, new = NOVAMED.sites
    stage.license(NOVAMED, sites=[{"gln": new.gln, "name": new.name}])
    with pytest.raises(ForbiddenTransfer) as refused:
        told.do(NOVAMED, "sample", items=packs(serials(1)))
    assert refused.value.code == "site_unknown"
    stage.license(
        TRANSPHARM,
        sites=[
            {"gln": site.gln, "name": site.name} for site in (*TRANSPHARM.sites, old)
        ],
    )

    replay = Replay()
    replay.begin()
    list(replay.run())

    assert replay.state.parties[NOVAMED.gln].sites == {new.gln}
    assert old.gln in replay.state.parties[TRANSPHARM.gln].sites
    assert list(operations.replay_check()) == []

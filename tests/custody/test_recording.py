"""Goods move through the real door: law, projection and ledger agree."""

import json

import pytest

from apps.core.envelope import parse_envelope
from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.custody import operations, queries
from apps.custody.models import (
    BatchHold,
    Container,
    Discrepancy,
    Event,
    Holding,
    SerialNumber,
    Shipment,
    Staging,
)
from apps.custody.queries.containers import place_of
from pharmatrace.demo.cast import AMOXIL, MARKT, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials, site
from tests.custody.mallory import verify_whole


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission()
    return told


def refused(code: str, kind: type[Exception] = ForbiddenTransfer):
    return pytest.raises(kind, check=lambda error: error.code == code)


def test_a_signed_lot_is_visible_at_once(goods: Goods) -> None:
    unit = queries.find_unit(gtin=AMOXIL.gtin, serial="S000007")

    assert unit is not None
    assert (unit.ordinal, unit.holder, unit.status) == (7, NOVAMED.gln, "active")
    assert goods.where() == {(NOVAMED.gln, "active"): 100}
    assert SerialNumber.objects.count() == 100
    assert Staging.objects.count() == 0


def test_a_lot_is_commissioned_further(goods: Goods) -> None:
    goods.commission(names=serials(50, start=100))

    assert goods.where() == {(NOVAMED.gln, "active"): 150}
    found = queries.serials_of(batch_id=goods.batch().pk, ordinals=[0, 99, 100, 149])
    assert found == {0: "S000000", 99: "S000099", 100: "S000100", 149: "S000149"}


@pytest.mark.parametrize("sizes", [(1_024, 1), (1_000, 24, 1_500), (1, 1_023, 1_024)])
def test_a_lot_grows_across_its_chunks(stage: Stage, sizes: tuple[int, ...]) -> None:
    goods, start = Goods(stage), 0

    for size in sizes:
        goods.commission(names=serials(size, start=start))
        goods.do(NOVAMED, "sample", items=packs(serials(1, start=start)))
        start += size

    assert goods.where() == {
        (NOVAMED.gln, "active"): start - len(sizes),
        (NOVAMED.gln, "sampled"): len(sizes),
    }
    verify_whole(goods)


def test_a_serial_is_staged_once_for_its_product(goods: Goods) -> None:
    with refused("serial_taken", MalformedInput):
        goods.commission(lot="B2", names=["NEW1", "S000099"])

    assert Staging.objects.count() == 0


def test_two_files_with_one_serial_are_settled_by_the_registry(stage: Stage) -> None:
    goods = Goods(stage)
    first = _staged(goods, "A1", ["X1", "X2"])
    second = _staged(goods, "B2", ["X2", "X3"])
    stage.submit(first, stage.keyring.key_of(NOVAMED))

    with refused("serial_taken", LedgerConflict):
        stage.submit(second, stage.keyring.key_of(NOVAMED))

    assert SerialNumber.objects.count() == 2


def _staged(goods: Goods, lot: str, names: list[str]):
    from apps.catalog import queries as catalog
    from apps.custody import operations
    from apps.partners import queries as partners
    from tests.custody.goods import EXPIRY

    staging = operations.stage_serials(
        product=catalog.get_product(AMOXIL.gtin),
        partner=partners.get_partner(NOVAMED.gln),
        lot=lot,
        expiry_date=EXPIRY,
        serials=names,
        at=goods.stage.tick(),
    )
    return queries.draft_commissioning(
        staging_id=staging.pk,
        site=site(NOVAMED),
        actor=goods.stage.actor(NOVAMED),
        at=goods.stage.tick(),
    )


def test_a_pallet_travels_as_a_whole(goods: Goods) -> None:
    goods.fill(1, serials(48))
    goods.fill(2, serials(48, start=48))
    goods.do(NOVAMED, "new_container", container=box(3))
    goods.do(NOVAMED, "pack", container=box(3), items=[box(1), box(2)])

    ref = goods.ship([box(3)])
    assert goods.where()[(NOVAMED.gln, "in_transit")] == 96
    goods.receive(ref)

    assert goods.where() == {(NOVAMED.gln, "active"): 4, (TRANSPHARM.gln, "active"): 96}
    assert place_of(Container.objects.get(epc=box(1))).holder == TRANSPHARM.gln
    unit = queries.find_unit(gtin=AMOXIL.gtin, serial="S000050")
    assert unit is not None
    assert unit.container == box(2)
    assert Event.objects.get(ref=_last(TRANSPHARM)).is_inferred


def _last(player) -> str:
    return Event.objects.filter(by=player.gln).latest("pk").ref


def test_a_partial_receipt_becomes_a_typed_discrepancy(goods: Goods) -> None:
    goods.fill(1, serials(48))
    goods.fill(2, serials(48, start=48))
    ref = goods.ship([box(1), box(2)])

    goods.receive(ref, items=[box(1)])

    (found,) = Discrepancy.objects.all()
    assert (found.kind, found.count, found.is_settled) == ("shortage", 48, False)
    assert Shipment.objects.get().is_open
    goods.receive(ref, items=[box(2)])
    found.refresh_from_db()
    assert found.is_settled
    assert not Shipment.objects.get().is_open


def test_single_packs_may_be_missing_in_a_case(goods: Goods) -> None:
    goods.fill(1, serials(48))
    ref = goods.ship([box(1)])

    goods.receive(ref, items=packs(serials(47)))

    assert goods.where()[(NOVAMED.gln, "in_transit")] == 1
    lost = queries.find_unit(gtin=AMOXIL.gtin, serial="S000047")
    assert lost is not None
    assert lost.container == ""
    assert [item.serial for item in queries.open_items(ref=ref)] == ["S000047"]


def test_a_pack_goes_from_maker_to_patient(goods: Goods) -> None:
    _, sale = goods.deliver(packs(serials(5)))

    goods.do(STELLA, "dispense", items=[pack("S000000")])

    unit = queries.find_unit(gtin=AMOXIL.gtin, serial="S000000")
    assert unit is not None
    assert (unit.holder, unit.status) == (STELLA.gln, "dispensed")
    links = queries.history(batch_id=unit.batch_id, ordinal=unit.ordinal)
    assert [link.rule for link in links] == [
        "commissioning",
        "shipping",
        "receiving",
        "shipping",
        "receiving",
        "supplying",
    ]
    assert links[3].ref == sale


def test_a_supply_is_undone(goods: Goods) -> None:
    goods.deliver(packs(serials(5)))
    ref = goods.do(STELLA, "dispense", items=packs(serials(2))).statement_id

    goods.do(STELLA, "undo", parents=[ref], items=[pack("S000001")])

    assert goods.where()[(STELLA.gln, "dispensed")] == 1
    assert goods.where()[(STELLA.gln, "active")] == 4


def test_a_return_goes_to_the_former_seller_and_is_inspected(goods: Goods) -> None:
    goods.deliver(packs(serials(5)))

    ref = goods.do(STELLA, "return_ship", items=[pack("S000000")]).statement_id
    goods.do(TRANSPHARM, "return_receive", shipment=ref)

    with refused("on_hold"):
        goods.ship([pack("S000000")], by=TRANSPHARM, to=MARKT)
    goods.do(TRANSPHARM, "release", items=[pack("S000000")], reason="inspected")
    goods.ship([pack("S000000")], by=TRANSPHARM, to=MARKT)


def test_a_whole_lot_is_named_by_its_number(goods: Goods) -> None:
    goods.fill(1, serials(48))

    goods.ship([{"gtin": AMOXIL.gtin, "lot": "A1"}])

    assert goods.where() == {(NOVAMED.gln, "in_transit"): 100}


def test_so_many_loose_packs_of_a_lot(goods: Goods) -> None:
    goods.fill(1, serials(48))

    goods.ship([{"gtin": AMOXIL.gtin, "lot": "A1", "count": 10}])

    assert goods.where()[(NOVAMED.gln, "in_transit")] == 10
    with refused("too_few", MalformedInput):
        goods.ship([{"gtin": AMOXIL.gtin, "lot": "A1", "count": 43}])


def test_sets_are_disjoint_and_add_up_to_what_was_commissioned(goods: Goods) -> None:
    goods.fill(1, serials(48))
    goods.deliver([box(1)])
    goods.do(STELLA, "dispense", items=packs(serials(3)))

    counts = queries.count_by_status(batch_id=goods.batch().pk)

    assert sum(counts.values()) == 100
    assert counts == {"active": 97, "dispensed": 3}
    assert sum(row.count for row in Holding.objects.all()) == 100


def test_the_body_is_stored_byte_by_byte(goods: Goods) -> None:
    accepted = goods.do(NOVAMED, "sample", items=[pack("S000000")])
    from apps.ledger import queries as ledger

    envelope = parse_envelope(ledger.get_envelope(accepted.statement_id))

    assert json.loads(envelope.payload)["body"]["bizStep"] == "sampling"


def test_a_maker_blocks_packs_wherever_they_are_and_lifts_it_alone(
    goods: Goods,
) -> None:
    goods.deliver(packs(serials(2)))
    goods.do(NOVAMED, "hold", items=packs(serials(1)), reason="recalled")

    for player, reason in ((STELLA, "recalled"), (NOVAMED, ""), (NOVAMED, "inspected")):
        more = {"reason": reason} if reason else {}
        with refused("not_your_hold"):
            goods.do(player, "release", items=packs(serials(1)), **more)
    with refused("on_hold"):
        goods.do(STELLA, "dispense", items=packs(serials(1)))
    goods.do(NOVAMED, "release", items=packs(serials(1)), reason="recalled")

    goods.do(STELLA, "dispense", items=packs(serials(1)))
    assert list(operations.replay_check()) == []


def test_a_holder_says_of_no_pack_that_it_is_recalled(goods: Goods) -> None:
    goods.deliver(packs(serials(1)))

    with refused("not_brand_owner"):
        goods.do(STELLA, "hold", items=packs(serials(1)), reason="recalled")

    assert not BatchHold.objects.exists()

"""Many at once on PostgreSQL: one wins, and the log is in an order the law accepts."""

import pytest

from apps.core.errors import TraceError
from apps.custody import operations, queries
from apps.custody.models import Shipment
from pharmatrace.demo.cast import AMOXIL, MARKT, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials, site
from tests.custody.mallory import verify_whole
from tests.custody.racing import race, signed, signed_wish, winners
from tests.recalls.calls import wish as recall_wish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=200)
    return told


def to(player) -> dict[str, object]:
    return {"to": {"gln": player.gln, "site": site(player)}}


def test_one_of_many_supplies_of_a_pack_wins(goods: Goods) -> None:
    goods.deliver(packs(serials(20)))

    for name in packs(serials(20)):
        tries = [signed(goods, STELLA, "dispense", items=[name]) for _ in range(12)]
        answers = race(goods, *tries)
        assert len(winners(answers)) == 1
        assert {a.code for a in answers if isinstance(a, TraceError)} == {
            "already_dispensed"
        }

    verify_whole(goods)


def test_one_of_many_despatches_and_ends_of_a_pack_wins(goods: Goods) -> None:
    for name in packs(serials(5)):
        tries = [
            signed(goods, NOVAMED, "ship", items=[name], **to(player))
            for player in (TRANSPHARM, STELLA, MARKT) * 12
        ]
        tries += [signed(goods, NOVAMED, "destroy", items=[name]) for _ in range(4)]
        assert len(winners(race(goods, *tries))) == 1

    verify_whole(goods)


def test_neighbours_in_a_lot_move_at_once(goods: Goods) -> None:
    """Different holders, one chunk of the lot: nobody's pack may show as another's."""
    goods.deliver(packs(serials(20)), to=STELLA)
    goods.deliver(packs(serials(20, 20)), to=MARKT)

    for number in range(10):
        said = [
            signed(goods, player, "dispense", items=[name])
            for player, name in [
                (STELLA, pack(f"S{number:06}")),
                (MARKT, pack(f"S{20 + number:06}")),
                (STELLA, pack(f"S{10 + number:06}")),
                (MARKT, pack(f"S{30 + number:06}")),
            ]
        ]
        said.append(
            signed(goods, NOVAMED, "sample", items=[pack(f"S{50 + number:06}")])
        )
        assert winners(race(goods, *said)) == [0, 1, 2, 3, 4]

    verify_whole(goods)


def test_a_pallet_leaves_with_what_is_signed_and_nothing_more(goods: Goods) -> None:
    for number in range(1, 7):
        start = number * 10
        goods.fill(number, serials(5, start))
        leaves = signed(goods, NOVAMED, "ship", items=[box(number)], **to(TRANSPHARM))
        more = signed(
            goods,
            NOVAMED,
            "pack",
            container=box(number),
            items=packs(serials(2, start + 5)),
        )
        less = signed(
            goods,
            NOVAMED,
            "unpack",
            container=box(number),
            items=packs(serials(1, start)),
        )
        answers = race(goods, leaves, more, less)
        assert winners(answers), answers

    verify_whole(goods)


def test_goods_are_received_or_taken_back(goods: Goods) -> None:
    for number in range(8):
        names = packs(serials(4, number * 4))
        ref = goods.ship(names)
        answers = race(
            goods,
            signed(goods, TRANSPHARM, "receive", shipment=ref),
            signed(goods, NOVAMED, "void", shipment=ref),
            signed(goods, NOVAMED, "correct", parents=[ref]),
            signed(goods, NOVAMED, "lost", shipment=ref, items=names[:1]),
        )
        assert len(winners(answers)) >= 1

    verify_whole(goods)


def test_the_last_parts_of_a_shipment_close_it(goods: Goods) -> None:
    for number in range(5):
        lot = f"L{number}"
        goods.commission(lot=lot, names=[f"{lot}-1"])
        mine, other = pack(f"S{number:06}"), pack(f"{lot}-1")
        ref = goods.ship([mine, other])
        answers = race(
            goods,
            signed(goods, TRANSPHARM, "receive", shipment=ref, items=[mine]),
            signed(goods, TRANSPHARM, "receive", shipment=ref, items=[other]),
        )
        assert winners(answers) == [0, 1]

    assert not Shipment.objects.filter(is_open=True).exists()
    verify_whole(goods, "A1", "L0")


def test_a_hold_of_the_maker_and_a_supply_stand_in_one_order(goods: Goods) -> None:
    goods.deliver(packs(serials(12)))

    for name in packs(serials(12)):
        answers = race(
            goods,
            signed(goods, STELLA, "dispense", items=[name]),
            signed(goods, NOVAMED, "hold", items=[name], reason="recalled"),
            signed(goods, NOVAMED, "hold", items=[pack("S000100")]),
        )
        assert {1, 2} <= set(winners(answers))

    assert list(operations.replay_check()) == []


def test_a_return_is_not_sold_on_while_it_arrives(goods: Goods) -> None:
    goods.deliver(packs(serials(12)))

    for name in packs(serials(6)):
        back = goods.do(STELLA, "return_ship", items=[name]).statement_id
        arrival = signed(goods, TRANSPHARM, "return_receive", shipment=back)
        goods.do(TRANSPHARM, "return_receive", shipment=back)
        goods.do(TRANSPHARM, "release", items=[name], reason="inspected")
        again = signed(goods, TRANSPHARM, "ship", items=[name], **to(MARKT))
        held = signed(goods, TRANSPHARM, "hold", items=[name])
        race(goods, again, held, arrival)

    verify_whole(goods)


def test_a_recall_blocks_between_two_despatches(goods: Goods) -> None:
    goods.deliver(packs(serials(6)))
    for number in range(3):
        wish = recall_wish(serial_list(number))
        recall = signed_wish(goods, NOVAMED, wish)
        name = f"S{number:06}"
        answers = race(
            goods,
            recall,
            signed(goods, STELLA, "dispense", items=[pack(name)]),
            signed(goods, NOVAMED, "ship", items=[pack(f"S{10 + number:06}")],
                   **to(TRANSPHARM)),
        )  # fmt: skip
        assert 0 in winners(answers)
        unit = queries.find_unit(gtin=AMOXIL.gtin, serial=name)
        assert unit is not None

    verify_whole(goods)


def serial_list(number: int) -> str:
    return "A1" if number == 2 else f"NOT-{number}"

"""The law of custody about supply, ends, holds and taking back; mostly refusals."""

from dataclasses import replace

import pytest

from apps.core.ordinals import Ordinals
from tests.core.custody.world import (
    CASE,
    DAY_MS,
    NOVAMED,
    NOW,
    RIVER,
    STELLA,
    TAG,
    TRANSPHARM,
    Story,
    event,
    refused,
    send_back,
    some,
    units,
)


def test_a_pharmacy_supplies_what_it_holds(story: Story) -> None:
    story.deliver(some(5))

    story.supply(units(0))

    assert story.at(STELLA, "dispensed") == units(0)
    with refused("already_dispensed"):
        story.supply(units(0))
    with refused("not_in_your_custody"):
        story.supply(units(0), by=RIVER)


def test_a_pharmacy_cannot_supply_what_it_has_not_received(story: Story) -> None:
    first = story.ship(some(5))
    story.receive(first, some(5))
    story.ship(some(5), by=TRANSPHARM, to=STELLA)

    with refused("not_in_your_custody"):
        story.supply(units(0))


def test_a_maker_does_not_supply(story: Story) -> None:
    with refused("not_licensed_to_supply"):
        story.supply(units(0), by=NOVAMED)


def test_an_opened_pack_can_be_used_up(story: Story) -> None:
    story.deliver(some(5))
    story.say(event(STELLA, "dispensing", "partially_dispensed", "OBSERVE", units(0)))

    story.supply(units(0, 1))

    assert story.at(STELLA, "dispensed") == units(0, 1)
    assert story.at(STELLA, "partially_dispensed") == units()


def test_a_supplied_unit_leaves_its_containers(story: Story) -> None:
    story.open_container(CASE)
    story.pack(CASE, some(48))
    first = story.ship(boxes=[CASE])
    story.receive(first, some(48))
    sale = story.ship(boxes=[CASE], by=TRANSPHARM, to=STELLA)
    story.receive(sale, some(48), by=STELLA)

    story.supply(units(7))

    assert len(story.inside(CASE)) == 47
    assert 7 not in set(story.inside(CASE))


def undo(ref: str, moved: Ordinals, by: str = STELLA):
    return event(
        by, "dispensing", "dispensed", "DELETE", moved,
        parents=(ref,), error="did_not_occur",
    )  # fmt: skip


def test_a_supply_is_undone_within_ten_days_by_the_same_site(story: Story) -> None:
    story.deliver(some(5))
    ref = story.supply(units(0))

    with refused("too_late"):
        story.say(undo(ref, units(0)), at_ms=NOW + 10 * DAY_MS + 1)
    with refused("another_site"):
        story.say(undo(ref, units(0), by=RIVER))
    story.say(undo(ref, units(0)), at_ms=NOW + 10 * DAY_MS)

    assert story.at(STELLA) == some(5)


def test_a_supply_is_not_undone_after_a_recall(story: Story) -> None:
    story.deliver(some(5))
    ref = story.supply(units(0))
    story.recall(units(0))

    with refused("recalled"):
        story.say(undo(ref, units(0)))


def test_a_supply_is_undone_once(story: Story) -> None:
    story.deliver(some(5))
    ref = story.supply(units(0))
    story.say(undo(ref, units(0)))

    with refused("moved_since"):
        story.say(undo(ref, units(0)))


@pytest.mark.parametrize(
    ("biz_step", "disposition", "status"),
    [
        ("decommissioning", "inactive", "decommissioned"),
        ("decommissioning", "unavailable", "lost"),
        ("decommissioning", "stolen", "stolen"),
        ("destroying", "destroyed", "destroyed"),
        ("sampling", "inactive", "sampled"),
        ("shipping", "in_transit", "exported"),
    ],
)
def test_the_holder_ends_serials(
    story: Story, biz_step: str, disposition: str, status: str
) -> None:
    story.say(event(NOVAMED, biz_step, disposition, "DELETE", units(3)))

    assert story.at(NOVAMED, status) == units(3)
    with refused("serial_ended"):
        story.ship(units(3))
    with refused("not_in_your_custody"):
        story.say(event(STELLA, biz_step, disposition, "DELETE", units(4)))


def test_a_return_is_held_until_its_inspection(story: Story) -> None:
    _, sale = story.deliver(some(5))
    back = story.say(send_back(sale, units(0)))
    returned = event(
        TRANSPHARM, "receiving", "returned", "OBSERVE", units(0), parents=(back,)
    )

    with refused("is_a_return"):
        story.receive(back, units(0))
    story.say(returned)

    with refused("on_hold"):
        story.ship(units(0), by=TRANSPHARM, to=RIVER)
    story.say(
        event(TRANSPHARM, "inspecting", "sellable_not_accessible", "OBSERVE", units(0))
    )
    story.ship(units(0), by=TRANSPHARM, to=RIVER)


def test_a_return_names_its_sale_and_an_rma(story: Story) -> None:
    first, sale = story.deliver(some(5))

    with refused("rma_missing"):
        story.say(send_back(sale, units(0), has_rma=False))
    with refused("not_that_sale"):
        story.say(send_back(first, units(0)))
    with refused("shipment_unknown"):
        story.say(send_back("ff" * 32, units(0)))


def test_recalled_goods_go_back_where_the_recall_wants_them(story: Story) -> None:
    story.deliver(some(5))
    recall = story.recall(some(3))
    to_maker = event(
        STELLA, "shipping", "recalled", "OBSERVE", some(3),
        parents=(recall,), destination=NOVAMED, destination_site="9521568000024",
    )  # fmt: skip
    to_river = replace(to_maker, destination=RIVER, destination_site="9520002000024")

    with refused("wrong_addressee"):
        story.say(to_river)
    with refused("not_recalled"):
        story.say(replace(to_maker, units={TAG: some(4)}, loose={TAG: some(4)}))
    with refused("recall_unknown"):
        story.say(replace(to_maker, parents=()))
    ref = story.say(to_maker)
    story.receive(ref, some(3), by=NOVAMED)

    assert story.at(NOVAMED) == some(95, 5) | some(3)
    with refused("recalled"):
        story.ship(units(0))


def correct(by: str, ref: str, biz_step: str, disposition: str, moved: Ordinals):
    return event(
        by, biz_step, disposition, "OBSERVE", moved,
        parents=(ref,), error="incorrect_data",
    )  # fmt: skip


def test_a_despatch_is_taken_back_by_who_said_it(story: Story) -> None:
    ref = story.ship(some(10))
    mend = correct(NOVAMED, ref, "shipping", "in_transit", some(10))

    with refused("not_your_event"):
        story.say(replace(mend, by=TRANSPHARM, site="9529999000026"))
    story.say(mend)

    assert story.at(NOVAMED) == some(100)
    with refused("already_corrected"):
        story.say(mend)
    with refused("not_in_shipment"):
        story.receive(ref, some(10))


def test_an_event_is_not_taken_back_after_its_units_moved(story: Story) -> None:
    ref = story.ship(some(10))
    story.receive(ref, units(3))

    with refused("moved_since"):
        story.say(correct(NOVAMED, ref, "shipping", "in_transit", some(10)))


def test_a_receipt_that_is_taken_back_is_under_way_again(story: Story) -> None:
    ref = story.ship(some(10))
    receipt = story.receive(ref, some(10))

    story.say(correct(TRANSPHARM, receipt, "receiving", "in_progress", some(10)))

    assert story.at(NOVAMED, "in_transit") == some(10)
    story.receive(ref, some(10))
    assert story.at(TRANSPHARM) == some(10)

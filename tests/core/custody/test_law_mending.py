"""The law of custody about taking back: what, by whom, until when."""

from dataclasses import replace

import pytest

from apps.core.custody import CustodyEvent, verify_answer
from apps.core.errors import ForbiddenTransfer
from apps.core.ordinals import Ordinals
from tests.core.custody.world import (
    CASE,
    CASE_2,
    DAY_MS,
    NOVAMED,
    NOW,
    PALLET,
    STELLA,
    TAG,
    TRANSPHARM,
    Story,
    event,
    refused,
    some,
    units,
)


@pytest.fixture
def story() -> Story:
    told = Story()
    told.commission(100)
    told.open_container(CASE, CASE_2, PALLET)
    return told


def taken_back(said: CustodyEvent[Ordinals], ref: str) -> CustodyEvent[Ordinals]:
    return replace(said, parents=(ref,), error="incorrect_data")


def packing(parent: str, moved: Ordinals, *boxes: str) -> CustodyEvent[Ordinals]:
    return event(
        NOVAMED, "packing", "in_progress", "ADD", moved,
        form="aggregation", parent=parent, containers=boxes,
        loose={} if boxes else {TAG: moved},
    )  # fmt: skip


def supply(moved: Ordinals) -> CustodyEvent[Ordinals]:
    return event(STELLA, "dispensing", "dispensed", "DELETE", moved)


def test_a_packing_that_is_taken_back_is_an_unpacking(story: Story) -> None:
    ref = story.pack(CASE, some(5))
    story.pack(PALLET, boxes=[CASE])
    mend = taken_back(packing(CASE, some(5)), ref)

    with refused("another_event"):
        story.say(replace(mend, parent=CASE_2))
    story.say(mend)

    assert story.inside(CASE, PALLET) == units()
    with refused("already_corrected"):
        story.say(mend)


def test_a_case_that_was_packed_elsewhere_since_stays_there(story: Story) -> None:
    story.pack(CASE, some(5))
    ref = story.pack(PALLET, boxes=[CASE])
    story.say(
        event(
            NOVAMED, "unpacking", "in_progress", "DELETE", some(5),
            form="aggregation", parent=PALLET, containers=(CASE,), loose={},
        )
    )  # fmt: skip
    story.pack(CASE_2, boxes=[CASE])

    with refused("not_inside"):
        story.say(taken_back(packing(PALLET, some(5), CASE), ref))

    assert story.inside(CASE_2) == some(5)


def test_a_packing_is_not_taken_back_after_its_goods_moved(story: Story) -> None:
    ref = story.pack(CASE, some(5))
    shipped = story.ship(boxes=[CASE])
    story.say(
        event(
            NOVAMED, "void_shipping", "in_progress", "OBSERVE", some(5),
            parents=(shipped,),
        )
    )  # fmt: skip

    with refused("moved_since"):
        story.say(taken_back(packing(CASE, some(5)), ref))


def test_a_correction_repeats_the_words_of_its_event(story: Story) -> None:
    ref = story.ship(some(3))
    lie = event(NOVAMED, "destroying", "destroyed", "DELETE", some(3))

    with refused("another_event"):
        story.say(taken_back(lie, ref))
    with refused("nothing_named"):
        story.say(
            taken_back(event(NOVAMED, "shipping", "in_transit", "OBSERVE", None), ref)
        )
    with refused("no_such_rule"):
        story.say(event(NOVAMED, "shipping", "destroyed", "OBSERVE", some(3)))


def test_a_supply_is_taken_back_only_as_it_may_be_undone(story: Story) -> None:
    story.deliver(some(5))
    ref = story.supply(units(0, 1))
    mend = taken_back(supply(units(0)), ref)

    with refused("too_late"):
        story.say(mend, at_ms=NOW + 10 * DAY_MS + 1)
    with refused("not_in_event"):
        story.say(taken_back(supply(units(3)), ref))
    story.say(mend)

    assert story.at(STELLA) == units(0, 2, 3, 4)


def test_a_supply_of_expired_goods_is_not_undone(story: Story) -> None:
    story.deliver(some(5))
    late = NOW + 735 * DAY_MS
    first = story.say(supply(units(0)), at_ms=late - DAY_MS)
    undo = replace(supply(units(0)), parents=(first,), error="did_not_occur")

    with refused("expired"):
        story.say(undo, at_ms=late)


def test_an_undo_is_of_the_last_supply(story: Story) -> None:
    story.deliver(some(5))
    first = story.supply(units(0))
    undo = replace(supply(units(0)), parents=(first,), error="did_not_occur")
    story.say(undo)
    story.say(event(STELLA, "dispensing", "partially_dispensed", "OBSERVE", units(0)))
    story.supply(units(0))

    with refused("moved_since"):
        story.say(undo)
    with refused("not_a_supply"):
        shipped = story.ship(some(1, 50))
        story.say(replace(undo, parents=(shipped,), by=NOVAMED, site="9521568000024"))


def test_holds_are_no_move_and_no_reason_against_a_correction(story: Story) -> None:
    ref = story.say(event(NOVAMED, "sampling", "inactive", "DELETE", units(3)))
    story.say(event(NOVAMED, "holding", "recalled", "OBSERVE", units(3)))

    story.say(
        taken_back(event(NOVAMED, "sampling", "inactive", "DELETE", units(3)), ref)
    )

    assert story.at(NOVAMED) == some(100)


def test_a_commissioning_is_not_taken_back(story: Story) -> None:
    ref = story.commission(5)

    with refused("not_reversible"):
        story.say(
            event(
                NOVAMED, "packing", "in_progress", "ADD", some(5, 100),
                parents=(ref,), error="incorrect_data", form="aggregation",
            )
        )  # fmt: skip
    with refused("event_unknown"):
        story.say(taken_back(supply(units(0)), "ab" * 32))


def test_goods_lost_under_way_and_found_are_under_way_again(story: Story) -> None:
    ref = story.ship(some(4))
    loss = event(
        NOVAMED, "decommissioning", "unavailable", "DELETE", units(0), parents=(ref,)
    )
    with refused("not_your_shipment"):
        story.say(replace(loss, by=TRANSPHARM, site="9529999000026"))
    with refused("not_for_goods_under_way"):
        story.say(replace(loss, biz_step="sampling", disposition="inactive"))
    lost = story.say(loss)
    with refused("not_in_shipment"):
        story.receive(ref, units(0))

    story.say(replace(loss, parents=(lost,), error="incorrect_data"))
    story.receive(ref, some(4))

    assert story.at(TRANSPHARM) == some(4)


def test_an_answer_speaks_of_units_once_held(story: Story) -> None:
    answer = event(STELLA, "recall.answer", "", "", some(2))

    verify_answer(story.state, answer, {TAG: some(3)})

    for held in ({}, {TAG: units(0)}):
        with refused("never_held"):
            verify_answer(story.state, answer, held)


@pytest.mark.parametrize("reason", ["did_not_occur", "incorrect_data"])
@pytest.mark.parametrize("epc", [CASE, CASE_2, "https://id.gs1.org/00/1"])
def test_who_takes_back_names_no_container_of_others(
    story: Story, reason: str, epc: str
) -> None:
    """One full, one empty, one that never was: all three are unknown."""
    story.pack(CASE, some(5))
    story.deliver(units(50))
    ref = story.supply(units(50))
    box = story.state.containers.get(epc)
    inside = {} if box is None else box.units
    moved = inside.get(TAG, Ordinals()) | units(50)
    lie = replace(
        supply(moved), loose={TAG: units(50)}, containers=(epc,), parents=(ref,)
    )

    for beside in (("https://id.gs1.org/00/2",), ()):
        with pytest.raises(ForbiddenTransfer) as refusal:
            story.say(replace(lie, error=reason, containers=(epc, *beside)))
        assert (refusal.value.code, refusal.value.got) == ("container_unknown", epc)

    assert story.at(STELLA, "dispensed") == units(50)


def test_an_undo_names_no_empty_container(story: Story) -> None:
    story.deliver(units(50))
    ref = story.supply(units(50))
    own = "https://id.gs1.org/00/095200010000000016"
    story.open_container(own, by=STELLA)
    undo = replace(supply(units(50)), parents=(ref,), error="did_not_occur")

    with refused("container_empty"):
        story.say(replace(undo, containers=(own,)))

    story.say(undo)


def test_a_container_is_named_as_long_as_it_is_where_the_event_put_it(
    story: Story,
) -> None:
    story.pack(CASE, some(5))
    receipt = story.receive(story.ship(boxes=[CASE]), some(5))
    back = replace(
        event(TRANSPHARM, "receiving", "in_progress", "OBSERVE", some(5)),
        loose={}, containers=(CASE,), parents=(receipt,), error="incorrect_data",
    )  # fmt: skip
    sale = story.ship(boxes=[CASE], by=TRANSPHARM, to=STELLA)
    story.receive(sale, some(5), by=STELLA)

    with refused("container_unknown"):
        story.say(back)
    with refused("container_unknown"):  # a shipment of one's own is no way in either
        story.say(replace(back, parents=(receipt, sale), containers=(CASE_2,)))

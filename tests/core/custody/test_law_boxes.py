"""The law of custody about containers that travel, part or are empty."""

from dataclasses import replace

import pytest

from tests.core.custody.world import (
    CASE,
    CASE_2,
    NOVAMED,
    PALLET,
    REGULATOR,
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
    """A pallet with a full case and one that is empty."""
    told = Story()
    told.commission(100)
    told.open_container(CASE, CASE_2, PALLET)
    told.pack(CASE, some(5))
    told.pack(PALLET, boxes=[CASE, CASE_2])
    return told


def holder(story: Story, epc: str) -> tuple[str, str]:
    place = story.state.containers[epc].place
    return place.holder, place.status


def test_an_empty_case_goes_where_its_pallet_goes(story: Story) -> None:
    ref = story.ship(boxes=[PALLET])
    assert holder(story, CASE_2) == (NOVAMED, "in_transit")
    with refused("container_elsewhere"):
        story.pack(CASE_2, some(5, 50))
    void = event(
        NOVAMED, "void_shipping", "in_progress", "OBSERVE", some(5),
        parents=(ref,), containers=(PALLET,), loose={},
    )  # fmt: skip
    story.say(void)
    assert holder(story, CASE_2) == (NOVAMED, "active")

    again = story.ship(boxes=[PALLET])
    story.receive(again, units(0, 1))

    assert holder(story, CASE_2) == (TRANSPHARM, "active")
    assert story.inside(CASE) == units(0, 1)


def test_an_inner_case_that_did_not_come_stands_alone(story: Story) -> None:
    story.pack(PALLET, some(5, 50))
    ref = story.ship(boxes=[PALLET])

    story.receive(ref, some(5, 50))

    assert story.state.containers[CASE].parent is None
    assert holder(story, CASE) == (NOVAMED, "in_transit")
    assert holder(story, CASE_2) == (TRANSPHARM, "active")
    story.receive(ref, some(5))
    assert holder(story, CASE) == (TRANSPHARM, "active")


def test_a_part_that_is_voided_leaves_its_pallet(story: Story) -> None:
    story.pack(PALLET, some(5, 50))
    ref = story.ship(boxes=[PALLET])
    story.say(
        event(
            NOVAMED, "void_shipping", "in_progress", "OBSERVE", some(5), parents=(ref,)
        )
    )

    assert story.inside(PALLET) == some(5, 50)
    assert holder(story, CASE) == (NOVAMED, "active")
    assert story.state.containers[CASE].parent is None


def test_an_emptied_case_leaves_its_pallet(story: Story) -> None:
    story.say(event(NOVAMED, "destroying", "destroyed", "DELETE", some(5)))

    assert story.state.containers[CASE].parent is None
    with refused("nothing_named"):
        story.ship(boxes=[PALLET])


def test_an_empty_container_is_named_in_no_move(story: Story) -> None:
    empty = "https://id.gs1.org/00/095215680000000048"
    story.open_container(empty)
    lies = [
        event(NOVAMED, "destroying", "destroyed", "DELETE", units(60)),
        event(NOVAMED, "holding", "recalled", "OBSERVE", units(60)),
    ]

    for lie in lies:
        with refused("container_empty"):
            story.say(replace(lie, containers=(empty,)))
    with refused("container_empty"):
        story.ship(units(60), boxes=[empty])
    with refused("container_unknown"):
        story.say(replace(lies[0], containers=("https://id.gs1.org/00/1",)))


def test_a_hand_over_names_those_who_hand_over(story: Story) -> None:
    ref = story.ship(units(60))
    receipt = event(
        TRANSPHARM, "receiving", "in_progress", "OBSERVE", units(60), parents=(ref,)
    )
    leaving = event(NOVAMED, "shipping", "in_transit", "DELETE", units(61))

    for lie in (
        replace(receipt, source=STELLA),
        replace(receipt, source=NOVAMED, destination=STELLA),
        replace(leaving, source=STELLA),
        event(
            NOVAMED, "shipping", "in_transit", "OBSERVE", units(61), source=STELLA,
            destination=TRANSPHARM, destination_site="9529999000026",
        ),
    ):  # fmt: skip
        with refused("another_source"):
            story.say(lie)
    story.say(replace(receipt, source=NOVAMED, destination=TRANSPHARM))


def test_a_stranger_hears_nothing_of_a_container(story: Story) -> None:
    lie = event(
        STELLA, "unpacking", "in_progress", "DELETE", some(5),
        form="aggregation", parent=PALLET, containers=(CASE,), loose={},
    )  # fmt: skip

    with refused("container_unknown"):
        story.say(lie)
    with refused("container_elsewhere"):
        ref = story.ship(boxes=[PALLET])
        story.say(replace(lie, by=TRANSPHARM, site="9529999000026", parents=(ref,)))
    with refused("party_unknown"):
        story.say(replace(lie, by=REGULATOR))
    with refused("site_unknown"):
        story.say(replace(lie, by=NOVAMED, site="9529999000026"))


def test_a_return_is_not_returned_again(story: Story) -> None:
    _, sale = story.deliver(some(5, 50))
    back = event(
        STELLA, "shipping", "returned", "OBSERVE", units(50), parents=(sale,),
        destination=TRANSPHARM, destination_site="9529999000026", has_rma=True,
    )  # fmt: skip
    ref = story.say(back)
    story.say(
        event(TRANSPHARM, "receiving", "returned", "OBSERVE", units(50), parents=(ref,))
    )

    with refused("not_that_sale"):
        story.say(
            replace(
                back, by=TRANSPHARM, site="9529999000026", parents=(ref,),
                destination=STELLA, destination_site="9520001000025",
            )
        )  # fmt: skip
    with refused("not_in_shipment"):
        story.deliver(units(70))
        other = {TAG: units(70)}
        story.say(replace(back, units=other, loose=other))


def test_a_pack_is_no_new_container(story: Story) -> None:
    opening = event(NOVAMED, "commissioning", "active", "ADD", units(0))

    with refused("is_a_pack"):
        story.say(opening)
    with refused("nothing_named"):
        story.say(replace(opening, units={}, loose={}))
    with refused("prefix_of_another"):
        story.open_container(CASE, by=STELLA)
    with refused("container_exists"):
        story.open_container(CASE)

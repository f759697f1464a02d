"""The law of custody about despatch, receipt and returns; most cases are refusals."""

from datetime import date

import pytest

from apps.core.custody import Party
from tests.core.custody.world import (
    CASE,
    CASE_2,
    DAY_MS,
    EXPIRY,
    NOVAMED,
    NOW,
    PALLET,
    RIVER,
    STELLA,
    TAG,
    TRANSPHARM,
    Story,
    event,
    licence,
    refused,
    some,
    units,
)


def test_goods_under_way_are_the_senders_answer(story: Story) -> None:
    story.ship(some(40))

    assert story.at(NOVAMED, "in_transit") == some(40)
    assert len(story.at(TRANSPHARM)) == 0


def test_a_container_goes_as_a_whole(story: Story) -> None:
    story.open_container(CASE, PALLET)
    story.pack(CASE, some(48))
    story.pack(PALLET, boxes=[CASE])

    ref = story.ship(boxes=[PALLET])
    story.receive(ref, some(48))

    assert story.at(TRANSPHARM) == some(48)
    assert story.state.containers[PALLET].place.holder == TRANSPHARM
    assert story.state.containers[CASE].parent == PALLET


def test_only_the_outermost_is_shipped(story: Story) -> None:
    story.open_container(CASE, PALLET)
    story.pack(CASE, some(48))
    story.pack(PALLET, boxes=[CASE])

    with refused("not_outermost"):
        story.ship(boxes=[CASE])
    with refused("inside_a_container"):
        story.ship(some(3))


@pytest.mark.parametrize("thief", [TRANSPHARM, STELLA])
def test_nobody_ships_what_he_does_not_hold(story: Story, thief: str) -> None:
    with refused("not_in_your_custody"):
        story.ship(some(1), by=thief, to=RIVER)


def test_a_unit_is_not_shipped_twice(story: Story) -> None:
    story.ship(some(10))

    with refused("in_transit"):
        story.ship(units(9, 10))


def test_goods_go_to_licensed_partners_only(story: Story) -> None:
    lapsed = licence("wholesaler", to_ms=NOW)
    sites = story.state.parties[TRANSPHARM].sites
    story.state.parties[TRANSPHARM] = Party(TRANSPHARM, (lapsed,), sites)

    with refused("addressee_not_licensed"):
        story.ship(some(1))
    with refused("to_yourself"):
        story.ship(some(1), to=NOVAMED)


def test_a_suspended_licence_counts_for_nothing(story: Story) -> None:
    suspended = licence("pharmacy", is_suspended=True)
    sites = story.state.parties[STELLA].sites
    story.deliver(some(1))
    story.state.parties[STELLA] = Party(STELLA, (suspended,), sites)

    with refused("not_licensed_to_supply"):
        story.supply(some(1))


def test_recalled_held_or_expired_goods_are_not_shipped(story: Story) -> None:
    story.recall(units(0))
    story.say(event(NOVAMED, "holding", "non_sellable_other", "OBSERVE", units(1)))
    late = NOW + (EXPIRY - date(2026, 2, 24)).days * DAY_MS

    with refused("recalled"):
        story.ship(units(0))
    with refused("on_hold"):
        story.ship(units(1))
    story.at_ms = late
    with refused("expired"):
        story.ship(units(2))


def test_only_the_addressee_receives_and_only_once(story: Story) -> None:
    ref = story.ship(some(10))

    with refused("not_addressed_to_you"):
        story.receive(ref, some(10), by=STELLA)
    story.receive(ref, some(10))
    with refused("not_in_shipment"):
        story.receive(ref, some(10))


def test_nobody_receives_more_than_was_shipped(story: Story) -> None:
    ref = story.ship(some(10))

    with refused("not_in_shipment"):
        story.receive(ref, some(11))
    with refused("shipment_unknown"):
        story.receive("ff" * 32, some(10))


def test_recalled_goods_can_be_received_and_stay_recalled(story: Story) -> None:
    ref = story.ship(some(10))
    story.recall(some(10))

    story.receive(ref, some(10))

    assert story.at(TRANSPHARM) == some(10)
    assert story.state.batches[TAG].recalled == some(10)


def test_a_partial_receipt_leaves_the_rest_under_way(story: Story) -> None:
    story.open_container(CASE, CASE_2, PALLET)
    story.pack(CASE, some(48))
    story.pack(CASE_2, some(48, 48))
    story.pack(PALLET, boxes=[CASE, CASE_2])
    ref = story.ship(boxes=[PALLET])

    story.receive(ref, some(48))

    assert story.at(NOVAMED, "in_transit") == some(48, 48)
    assert story.inside(PALLET) == some(48)
    assert story.state.containers[CASE_2].parent is None
    assert story.state.containers[CASE_2].place.status == "in_transit"
    story.receive(ref, some(48, 48))
    assert story.state.containers[CASE_2].place.holder == TRANSPHARM


def test_a_unit_missing_in_a_case_leaves_case_and_pallet(story: Story) -> None:
    story.open_container(CASE, PALLET)
    story.pack(CASE, some(48))
    story.pack(PALLET, boxes=[CASE])
    ref = story.ship(boxes=[PALLET])

    story.receive(ref, some(47))

    assert story.inside(CASE) == story.inside(PALLET) == some(47)
    assert story.state.containers[CASE].parent == PALLET


def test_the_sender_takes_back_what_was_not_received(story: Story) -> None:
    ref = story.ship(some(10))
    story.receive(ref, some(6))

    story.say(
        event(
            NOVAMED, "void_shipping", "in_progress", "OBSERVE", some(4, 6),
            parents=(ref,),
        )
    )  # fmt: skip

    assert story.at(NOVAMED) == some(94, 6)
    with refused("not_in_shipment"):
        story.receive(ref, units(7))


def test_only_the_sender_voids(story: Story) -> None:
    ref = story.ship(some(10))

    with refused("not_your_shipment"):
        story.say(
            event(
                TRANSPHARM, "void_shipping", "in_progress", "OBSERVE", some(10),
                parents=(ref,),
            )
        )  # fmt: skip


def test_what_got_lost_under_way_is_the_senders_to_say(story: Story) -> None:
    ref = story.ship(some(10))
    story.receive(ref, some(9))

    story.say(
        event(
            NOVAMED, "decommissioning", "unavailable", "DELETE", units(9),
            parents=(ref,),
        )
    )  # fmt: skip

    assert story.at(NOVAMED, "lost") == units(9)
    with refused("not_in_shipment"):
        story.receive(ref, units(9))

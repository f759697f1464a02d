"""The law of custody, row by row; most cases are refusals."""

from dataclasses import replace
from datetime import date

import pytest

from apps.core.custody import RULES, Party, State
from apps.core.errors import ForbiddenTransfer, LedgerConflict
from apps.core.ordinals import Ordinals
from tests.core.custody.world import (
    CASE,
    CASE_2,
    DAY_MS,
    EXPIRY,
    NOVAMED,
    NOW,
    PALLET,
    REGULATOR,
    RIVER,
    STELLA,
    TAG,
    TRANSPHARM,
    Story,
    event,
    licence,
    some,
    units,
)


@pytest.fixture
def story() -> Story:
    told = Story()
    told.commission(100)
    return told


def refused(code: str) -> pytest.RaisesExc[ForbiddenTransfer]:
    return pytest.raises(ForbiddenTransfer, check=lambda error: error.code == code)


def sizes(state: State[Ordinals]) -> int:
    return sum(len(there) for there in state.batches[TAG].holdings.values())


def test_a_commissioned_lot_is_held_by_its_maker(story: Story) -> None:
    assert len(story.at(NOVAMED)) == 100
    assert story.state.batches[TAG].size == 100


def test_a_second_commissioning_continues_the_ordinals(story: Story) -> None:
    story.commission(50)

    assert story.at(NOVAMED) == some(150)


def test_a_commissioning_on_a_base_that_moved_is_a_conflict(story: Story) -> None:
    with pytest.raises(LedgerConflict, match="base moved"):
        story.commission(10, base=0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expiry_date": date(2028, 3, 1)}, "expiry_differs"),
        ({"gtin": "09529999251206"}, "not_licensed_to_make"),
    ],
)
def test_a_commissioning_must_fit_lot_and_licence(
    story: Story, changes: dict[str, object], code: str
) -> None:
    with refused(code):
        story.commission(10, **changes)


def test_an_expired_lot_is_not_commissioned() -> None:
    with refused("expired"):
        Story().commission(1, expiry_date=date(2026, 2, 24))


def test_a_lot_may_be_commissioned_on_its_last_day() -> None:
    story = Story()

    story.commission(1, expiry_date=date(2026, 2, 25))

    assert len(story.at(NOVAMED)) == 1


def test_a_wholesaler_does_not_commission() -> None:
    story = Story()
    story.state.parties[NOVAMED] = Party(
        NOVAMED, (licence("wholesaler"),), story.state.parties[NOVAMED].sites
    )

    with refused("not_licensed_to_make"):
        story.commission(1)


def test_a_container_needs_an_own_prefix_and_a_new_number(story: Story) -> None:
    story.open_container(CASE)

    with refused("container_exists"):
        story.open_container(CASE)
    with refused("prefix_of_another"):
        story.open_container(CASE_2, by=TRANSPHARM)


def test_packed_units_are_in_every_enclosing_container(story: Story) -> None:
    story.open_container(CASE, PALLET)
    story.pack(CASE, some(48))

    story.pack(PALLET, boxes=[CASE])

    assert story.inside(PALLET) == some(48)
    assert story.state.containers[CASE].parent == PALLET


def test_a_unit_is_packed_once(story: Story) -> None:
    story.open_container(CASE, CASE_2)
    story.pack(CASE, some(48))

    with refused("inside_a_container"):
        story.pack(CASE_2, units(47, 48))


def test_a_container_is_packed_once_and_never_into_itself(story: Story) -> None:
    story.open_container(CASE, CASE_2, PALLET)
    story.pack(CASE, some(48))
    story.pack(PALLET, boxes=[CASE])

    with refused("not_outermost"):
        story.pack(CASE_2, boxes=[CASE])
    with refused("inside_itself"):
        story.pack(CASE, boxes=[PALLET])


def test_units_taken_out_leave_every_enclosing_container(story: Story) -> None:
    story.open_container(CASE, PALLET)
    story.pack(CASE, some(48))
    story.pack(PALLET, boxes=[CASE])

    story.say(
        event(
            NOVAMED, "unpacking", "in_progress", "DELETE", units(0, 1),
            form="aggregation", parent=CASE,
        )
    )  # fmt: skip

    assert story.inside(CASE) == story.inside(PALLET) == some(46, 2)


def test_unpacking_without_a_list_takes_all_out(story: Story) -> None:
    story.open_container(CASE, PALLET)
    story.pack(CASE, some(48))
    story.pack(PALLET, boxes=[CASE])

    story.say(
        event(
            NOVAMED, "unpacking", "in_progress", "DELETE", some(48),
            form="aggregation", parent=PALLET, loose={},
        )
    )  # fmt: skip

    assert story.state.containers[CASE].parent is None
    assert len(story.inside(PALLET)) == 0
    assert story.inside(CASE) == some(48)


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


def send_back(sale: str, moved: Ordinals, **more: object):
    return event(
        STELLA, "shipping", "returned", "OBSERVE", moved,
        **{
            "parents": (sale,),
            "destination": TRANSPHARM,
            "destination_site": "9529999000026",
            "has_rma": True,
            **more,
        },
    )  # fmt: skip


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


def test_a_hold_is_lifted_by_whom_it_belongs_to(story: Story) -> None:
    story.deliver(some(5))
    sites = frozenset({REGULATOR})
    story.state.parties[REGULATOR] = Party(REGULATOR, (), sites)
    story.say(event(REGULATOR, "holding", "recalled", "OBSERVE", units(0)))
    release = event(STELLA, "storing", "in_progress", "OBSERVE", units(0), lifts=True)

    with refused("on_hold"):
        story.supply(units(0))
    with refused("not_your_hold"):
        story.say(release)
    story.say(replace(release, by=REGULATOR, site=REGULATOR))
    story.supply(units(0))


def test_a_stranger_does_not_hold_anothers_goods(story: Story) -> None:
    with refused("not_in_your_custody"):
        story.say(event(STELLA, "holding", "recalled", "OBSERVE", units(0)))


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


def test_a_party_speaks_from_its_own_sites(story: Story) -> None:
    with refused("site_unknown"):
        story.say(
            replace(
                event(NOVAMED, "sampling", "inactive", "DELETE", units(0)),
                site="9529999000026",
            )
        )
    with refused("party_unknown"):
        story.say(event("0000000000000", "sampling", "inactive", "DELETE", units(0)))


@pytest.mark.parametrize(
    ("biz_step", "disposition", "action"),
    [
        ("shipping", "in_transit", "ADD"),
        ("dispensing", "dispensed", "OBSERVE"),
        ("receiving", "dispensed", "OBSERVE"),
        ("teleporting", "in_transit", "OBSERVE"),
    ],
)
def test_words_without_a_row_are_refused(
    story: Story, biz_step: str, disposition: str, action: str
) -> None:
    with refused("no_such_rule"):
        story.say(event(NOVAMED, biz_step, disposition, action, units(0)))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.name}-{rule.biz_step}")
def test_no_rule_moves_nothing(story: Story, rule: object) -> None:
    nothing = event(
        NOVAMED, rule.biz_step, rule.dispositions[0], rule.action, None,
        form="aggregation" if rule.biz_step.endswith("packing") else "object",
        parents=(story.ship(units(0)),), destination=TRANSPHARM, parent=CASE,
    )  # fmt: skip

    before = sizes(story.state)
    with pytest.raises(ForbiddenTransfer):
        story.say(nothing)
    assert sizes(story.state) == before

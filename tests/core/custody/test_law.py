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
    NOVAMED,
    PALLET,
    TAG,
    TRANSPHARM,
    Story,
    event,
    licence,
    refused,
    some,
    units,
)


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

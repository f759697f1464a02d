"""The law of custody about holds: whose they are, and how they are lifted."""

from dataclasses import replace

import pytest

from apps.core.custody import Party
from tests.core.custody.world import (
    NOVAMED,
    REGULATOR,
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


def test_a_hold_is_lifted_by_whom_it_belongs_to(story: Story) -> None:
    story.deliver(some(5))
    sites = frozenset({REGULATOR})
    story.state.parties[REGULATOR] = Party(REGULATOR, (), sites)
    story.say(event(REGULATOR, "holding", "recalled", "OBSERVE", units(0)))
    release = lift(STELLA, "recalled")

    with refused("on_hold"):
        story.supply(units(0))
    with refused("not_your_hold"):
        story.say(release)
    story.say(replace(release, by=REGULATOR, site=REGULATOR))
    story.supply(units(0))


def lift(by: str, *words: str, step: str = "storing"):
    return event(
        by, step, "sellable_not_accessible", "OBSERVE", units(0), lifts=words
    )  # fmt: skip


@pytest.mark.parametrize("word", ["recalled", "non_sellable_other"])
def test_a_stranger_does_not_hold_anothers_goods(story: Story, word: str) -> None:
    with refused("not_in_your_custody"):
        story.say(event(STELLA, "holding", word, "OBSERVE", units(0)))


def test_a_holder_does_not_say_recalled(story: Story) -> None:
    story.deliver(some(5))

    with refused("not_brand_owner"):
        story.say(event(STELLA, "holding", "recalled", "OBSERVE", units(0)))

    assert story.state.batches[TAG].held == {}


def test_an_opened_pack_is_held_and_used_up_no_further(story: Story) -> None:
    story.deliver(some(5))
    story.say(event(STELLA, "dispensing", "partially_dispensed", "OBSERVE", units(0)))
    story.say(event(STELLA, "holding", "non_sellable_other", "OBSERVE", units(0)))

    with refused("on_hold"):
        story.supply(units(0))
    with refused("not_in_your_custody"):
        story.say(event(RIVER, "holding", "non_sellable_other", "OBSERVE", units(0)))
    story.say(lift(STELLA, "non_sellable_other"))

    story.supply(units(0))


def test_a_maker_blocks_others_goods_only_as_recalled(story: Story) -> None:
    story.deliver(some(5))

    with refused("not_in_your_custody"):
        story.say(event(NOVAMED, "holding", "non_sellable_other", "OBSERVE", units(0)))
    story.say(event(NOVAMED, "holding", "recalled", "OBSERVE", units(0)))

    with refused("on_hold"):
        story.supply(units(0))


@pytest.mark.parametrize(
    ("step", "words", "code"),
    [
        ("storing", (), "hold_not_named"),
        ("storing", ("returned",), "hold_not_named"),
        ("storing", ("completeness_inferred",), "hold_not_named"),
        ("storing", ("non_sellable_other", "in_transit"), "hold_not_named"),
        ("storing", ("recalled",), "not_your_hold"),
        ("storing", ("non_sellable_other", "recalled"), "not_your_hold"),
        ("inspecting", (), "not_your_hold"),
        ("inspecting", ("non_sellable_other",), "hold_not_named"),
    ],
)
def test_a_hold_is_lifted_only_by_its_own_name(
    story: Story, step: str, words: tuple[str, ...], code: str
) -> None:
    story.deliver(some(5))
    story.say(event(STELLA, "holding", "non_sellable_other", "OBSERVE", units(0)))

    with refused(code):
        story.say(lift(STELLA, *words, step=step))
    with refused("on_hold"):
        story.supply(units(0))

    story.say(lift(STELLA, "non_sellable_other"))
    story.supply(units(0))


@pytest.mark.parametrize("words", [(), ("non_sellable_other",), ("recalled",)])
def test_storing_does_not_stand_for_the_inspection_of_a_return(
    story: Story, words: tuple[str, ...]
) -> None:
    _, sale = story.deliver(some(5))
    back = story.say(send_back(sale, units(0)))
    story.say(
        event(TRANSPHARM, "receiving", "returned", "OBSERVE", units(0), parents=(back,))
    )

    with refused("not_your_hold" if words else "hold_not_named"):
        story.say(lift(TRANSPHARM, *words))
    with refused("not_your_hold"):
        story.say(lift(STELLA, step="inspecting"))

    with refused("on_hold"):
        story.ship(units(0), by=TRANSPHARM, to=RIVER)


def test_units_are_free_when_the_last_hold_is_lifted(story: Story) -> None:
    story.say(event(NOVAMED, "holding", "recalled", "OBSERVE", units(0)))
    story.say(event(NOVAMED, "holding", "non_sellable_other", "OBSERVE", units(0)))

    story.say(lift(NOVAMED, "recalled"))
    with refused("on_hold"):
        story.ship(units(0))
    story.say(lift(NOVAMED, "non_sellable_other"))

    story.ship(units(0))

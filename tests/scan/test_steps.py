"""What may be signed about a pack: its words, its time, its key on the keyboard."""

from datetime import timedelta

import pytest

from apps.core.statement import parse_statement
from apps.exchange.queries import draft
from apps.scan.views.steps import offered_steps
from pharmatrace.demo.cast import STELLA


@pytest.mark.parametrize(
    ("later", "left"),
    [
        (timedelta(minutes=1), "9 days"),
        (timedelta(days=8, minutes=1), "1 day"),
        (timedelta(days=9, hours=1, minutes=1), "22 hours"),
    ],
)
def test_the_time_to_take_a_supply_back_is_told_in_days(chain, later, left):
    chain.do(STELLA, "dispense", items=[chain.epc(0)])
    at = chain.stage.at + later
    verdict = chain.scan(chain.code(0), STELLA, later=later)

    [undo] = offered_steps(verdict, actor=chain.actor(STELLA), at=at)

    assert undo.note.endswith(f"for another {left}.")


def test_every_step_says_what_stands_on_the_band_afterwards(chain):
    verdict = chain.scan(chain.code(0), STELLA)

    steps = offered_steps(verdict, actor=chain.actor(STELLA), at=chain.stage.at)

    assert [(step.name, step.done) for step in steps] == [
        ("dispense", "Supplied"),
        ("dispense_part", "Part supplied"),
        ("hold", "On hold"),
    ]
    assert all(step.after.startswith("Recorded.") for step in steps)
    assert all(step.sign.label.endswith(" ⏎") for step in steps)


@pytest.mark.parametrize("step", ["hold", "dispense_part"])
def test_the_page_of_a_step_is_headed_by_it_not_by_the_verdict(chain, client, step):
    client.force_login(chain.actor(STELLA).user)

    answer = client.get(f"/scan/sign/{step}", {"code": chain.code(0)})
    page = answer.context["page"]

    assert page.band.state == "past"
    assert page.band.word == page.step.word
    assert "DISPENSE: Genuine, in date, yours." in page.band.reason
    assert bool(page.report_url) is (step == "hold")
    assert b"js/verdict.js" in answer.content


@pytest.mark.parametrize("before", [None, "dispense", "hold"])
def test_the_words_that_the_page_carries_are_those_that_are_signed(chain, before):
    if before:
        chain.do(STELLA, before, items=[chain.epc(0)])
    actor, at = chain.actor(STELLA), chain.stage.at

    steps = offered_steps(chain.scan(chain.code(0), STELLA), actor=actor, at=at)

    assert steps
    for step in steps:
        drafted = draft(wish=step.wish, actor=actor, at=at)
        assert parse_statement(drafted.payload).meaning == step.sign.signed

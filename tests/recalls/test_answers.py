"""What holders answer: for every unit they have or had, and for no other."""

from dataclasses import replace

import pytest

from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.core.statement import parse_statement
from apps.core.subjects import Moved, Subject
from apps.exchange.queries import draft
from apps.ledger.models import Statement
from apps.recalls.models import Answer
from apps.recalls.queries import find_visible
from pharmatrace.demo.cast import (
    LINDE,
    MARKT,
    NOVAMED,
    STELLA,
)
from tests.recalls.calls import (
    answer,
    forge,
    open_recall,
    resigned,
    serials,
    spread,
)


def test_to_a_stranger_a_foreign_recall_is_a_missing_one(stage):
    spread(stage)
    recall = open_recall(stage)
    missing = {"kind": "recall.answer", "lot": "A1", "counts": {"returned": 1}}
    said = []

    for recall_id in (recall.pk, "0" * 64):
        with pytest.raises(MalformedInput) as refused:
            stage.act(LINDE, missing | {"recall": recall_id})
        said.append((refused.value.code, refused.value.field, refused.value.wanted))

    assert said[0] == said[1]
    assert said[0][0] == "unknown_recall"


def test_a_holder_answers_for_every_unit_it_holds_or_held(stage):
    spread(stage)
    recall = open_recall(stage)

    accepted = answer(stage, recall, quarantined=5, supplied=4, not_found=1)

    row = Answer.objects.get()
    assert row.statement_id == accepted.statement_id
    assert (row.partner.gln, row.count) == (STELLA.gln, 10)
    assert row.counts == {"quarantined": 5, "supplied": 4, "not_found": 1}


def test_a_draft_of_an_answer_says_how_many_units_are_wanted(stage):
    spread(stage)
    recall = open_recall(stage)

    with pytest.raises(MalformedInput) as refused:
        answer(stage, recall, quarantined=5)

    assert refused.value.code == "counts_differ"
    assert refused.value.wanted.startswith("10 packs")


def test_an_answer_beyond_what_was_held_is_refused(stage):
    goods = spread(stage)
    recall = open_recall(stage)
    before = Statement.objects.count()
    said = {
        "kind": "recall.answer",
        "recall": recall.pk,
        "lot": "A1",
        "counts": {"quarantined": 10},
    }
    tag = bytes(goods.batch().tag)

    with pytest.raises(ForbiddenTransfer) as refused:
        resigned(
            stage,
            STELLA,
            said,
            subjects=[Subject(tag, moved=Moved(11, bytes(32)))],
            body={"recall": recall.pk, "counts": {"quarantined": 11}},
        )

    assert refused.value.code == "never_held"
    assert Statement.objects.count() == before
    assert not Answer.objects.exists()


def test_an_answer_about_other_units_than_were_held_is_refused(stage):
    goods = spread(stage)
    recall = open_recall(stage)
    said = {
        "kind": "recall.answer",
        "recall": recall.pk,
        "lot": "A1",
        "counts": {"quarantined": 10},
    }
    forged = Subject(bytes(goods.batch().tag), moved=Moved(10, bytes(32)))

    with pytest.raises(LedgerConflict) as refused:
        resigned(stage, STELLA, said, subjects=[forged])

    assert refused.value.code == "subjects_differ"


def test_an_answer_about_another_lot_than_the_recalled_is_refused(stage):
    goods = spread(stage)
    goods.commission("B2", names=serials(10, start=500))
    recall = open_recall(stage)
    said = {
        "kind": "recall.answer",
        "recall": recall.pk,
        "lot": "A1",
        "counts": {"quarantined": 100},
    }
    drafted = draft(wish=said, actor=stage.actor(NOVAMED), at=stage.tick())
    (subject,) = parse_statement(drafted.payload).subjects
    other = replace(subject, tag=bytes(goods.batch("B2").tag))

    with pytest.raises(MalformedInput) as refused:
        forge(stage, NOVAMED, drafted.payload, subjects=[other])

    assert refused.value.code == "wrong_subjects"


def test_a_holder_that_never_had_the_lot_is_not_asked(stage):
    spread(stage)
    recall = open_recall(stage)
    assert find_visible(recall_id=recall.pk, actor=stage.actor(MARKT)) is None
    assert find_visible(recall_id=recall.pk, actor=stage.actor(STELLA)) == recall

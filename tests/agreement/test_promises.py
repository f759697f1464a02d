"""Receipts and what a stretch of the log shows of them, judged alike by both verifiers."""

import random
from collections import Counter

import pytest

from tests.agreement.judging import Question, assert_agreed
from tests.agreement.promised import kept_in_window, some_promise
from tests.agreement.scene import as_file

PROMISES = 200
# How each ends is said in words that no other end has.
ENDS = (
    "was kept",
    "begins too late",
    "ends too early",
    "has not come to its time",
    "a quorum saw it so",
    "nothing shows whose receipt",
)
REFUSALS = ("promise_dropped", "promise_late", "other_ledger", "unknown_key")


def test_what_became_of_a_promise_is_told_alike(engine):
    rng = random.Random("promises")
    ends: Counter[str] = Counter()
    for number in range(PROMISES):
        answer = assert_agreed(engine, some_promise(rng), str(number))
        if answer.failure:
            ends[answer.failure["code"]] += 1
            continue
        said = " ".join(text for step, text, *_ in answer.findings if step == 11)
        ends.update(end for end in ENDS if end in said)

    assert min(ends[each] for each in (*ENDS, *REFUSALS)) >= 2, ends


@pytest.mark.parametrize("first", [0, 1, 3, 4, 7, 2**53 - 1, 2**53])
def test_a_window_in_another_place_is_refused_alike(engine, first):
    scene = kept_in_window()
    receipt, window, *rest = scene.documents
    moved = [receipt, {**window, "first": first}, *rest]
    question = Question(tuple(map(as_file, moved)), scene.policy, scene.genesis_id)
    answer = assert_agreed(engine, question)

    assert answer.failure
    assert answer.failure["step"] == (7 if first < 2**53 else 1)


@pytest.mark.parametrize("side", ["left", "right"])
def test_hashes_around_a_window_are_counted_alike(engine, side):
    scene = kept_in_window()
    receipt, window, *rest = scene.documents
    for hashes in ([], window[side] * 2, [*window[side], "AAAA"], ["AAAA" * 11] * 64):
        changed = [receipt, {**window, side: hashes}, *rest]
        question = Question(
            tuple(map(as_file, changed)), scene.policy, scene.genesis_id
        )
        assert_agreed(engine, question)

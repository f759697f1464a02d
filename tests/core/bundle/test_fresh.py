"""An older bundle is told from a newer one, if the reader has anything to tell it by."""

import pytest

from apps.core.checkpoint import Checkpoint, sign_checkpoint
from apps.core.errors import ProofError
from tests.core.bundle.acts import random_history
from tests.core.bundle.planning import bundle_of, check
from tests.core.bundle.saying import NOVAMED
from tests.core.outside.small_ledger import AT, LOG, ORIGIN, WITNESS


def grown(history):
    """The history a while later."""
    history.license(NOVAMED)
    history.close()
    return history


@pytest.fixture
def history():
    return random_history(21, steps=20)


def note_of(history, *signers, root=None):
    tree = history.ledger.tree
    head = Checkpoint(ORIGIN, tree.size, root or tree.root())
    return sign_checkpoint(
        head, signers or (LOG, WITNESS), time_seconds=AT // 1000
    ).format()


def refused(data, history, **more):
    with pytest.raises(ProofError) as error:
        check(data, history, **more)
    return error.value.step, error.value.code


def said(report, step):
    return [each.text for each in report.findings if each.step == step]


def test_the_answer_says_as_of_when(history):
    report = check(bundle_of(history, "A1"), history)

    assert f"size {history.ledger.tree.size}, 2026-" in said(report, 3)[0]
    assert "no other checkpoint was given" in said(report, 3)[1]


def test_an_older_bundle_fails_beside_a_newer_checkpoint(history):
    data = bundle_of(history, "A1")
    newer = note_of(grown(history))

    assert refused(data, history, checkpoint=newer) == (3, "older_checkpoint")


def test_a_bundle_of_the_checkpoint_given_says_so(history):
    report = check(bundle_of(history, "A1"), history, checkpoint=note_of(history))

    assert "the checkpoint given is the same" in said(report, 3)


def test_a_newer_bundle_holds_and_says_what_it_cannot_show(history):
    older = note_of(history)

    report = check(bundle_of(grown(history), "A1"), history, checkpoint=older)

    assert "pharmatrace-monitor" in said(report, 3)[1]


def test_two_heads_of_one_size_are_a_fork(history):
    other = note_of(history, root=bytes(range(32)))

    assert refused(bundle_of(history, "A1"), history, checkpoint=other) == (
        3,
        "log_forked",
    )


def test_a_checkpoint_of_nobody_is_not_compared_with(history):
    unsigned = note_of(history, LOG)

    assert refused(bundle_of(history, "A1"), history, checkpoint=unsigned) == (
        3,
        "no_quorum",
    )


def test_a_head_before_the_moment_demanded_fails(history):
    data, time_ms = bundle_of(history, "A1"), history.ledger.leaves[-1].time_ms

    check(data, history, not_before_ms=time_ms)

    assert refused(data, history, not_before_ms=time_ms + 1) == (3, "older_checkpoint")


def test_a_head_that_witnesses_saw_again_is_as_fresh_as_they_say(history):
    time_ms = history.ledger.leaves[-1].time_ms
    later = time_ms // 1_000 + 3_600
    tree = history.ledger.tree
    head = Checkpoint(ORIGIN, tree.size, tree.root())
    history.ledger.note = sign_checkpoint(
        head, (LOG, WITNESS), time_seconds=later
    ).format()
    data = bundle_of(history, "A1")

    report = check(data, history, not_before_ms=later * 1_000)

    assert "seen unchanged by witnesses" in said(report, 3)[0]
    assert refused(data, history, not_before_ms=later * 1_000 + 1) == (
        3,
        "older_checkpoint",
    )


def test_an_older_head_over_the_newer_entries_fails(history):
    older = history.ledger.note
    history = grown(history)
    history.ledger.note = older

    assert refused(bundle_of(history, "A1"), history) == (4, "index_outside_tree")

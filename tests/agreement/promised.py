"""Windows of a log, and receipts that they keep, break or leave open; signed answers."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from apps.core.envelope import envelope_json, statement_id
from apps.core.windowbuild import build_window
from tests.agreement.judging import Question
from tests.agreement.scene import Scene, as_file
from tests.agreement.scenes import commissioning
from tests.core.outside import small_ledger as cast
from tests.core.outside.test_answer import signed
from tests.core.outside.test_dropped import OTHERS, OURS, busy, receipt_for

_GENESIS = cast.small_ledger().said["genesis"][0]
_BEFORE, _BEHIND = (-30, *OTHERS), (61, *OTHERS)


def told_of(log: Any, receipt: Any, first: int, end: int, *, is_rooted: bool) -> Scene:
    """A receipt, as the site hands it out, and what the log shows of it."""
    window = build_window(
        log.tree,
        leaves=log.leaves[first:end],
        first=first,
        tree_size=len(log.leaves),
        checkpoint=log.note,
    )
    documents = [{"receipt": envelope_json(receipt)}, window.to_json()]
    if not is_rooted:
        return Scene(documents)
    return Scene([*documents, envelope_json(_GENESIS)], statement_id(_GENESIS))


def kept_in_window() -> Scene:
    """The leaves stand there in time."""
    log = busy(_BEFORE, (5, *OTHERS), (9, *OURS), _BEHIND)
    return told_of(log, receipt_for(*OURS), 2, len(log.leaves), is_rooted=True)


def overdue_in_window() -> Scene:
    """The log has come to a stand, and its witnesses saw that."""
    log = busy(_BEFORE, (5, *OTHERS), seconds=cast.AT // 1000 + 61)
    return told_of(log, receipt_for(*OURS), 2, len(log.leaves), is_rooted=True)


def lacking_in_window() -> Scene:
    """The log holds nothing, and nobody says whose the receipt is."""
    log = busy(_BEFORE, _BEHIND)
    return told_of(log, receipt_for(*OURS), 2, len(log.leaves), is_rooted=False)


def answered() -> Scene:
    """What the machine door said of a code, beside a proof."""
    scene = commissioning()
    body = {"verdict": "hold", "receipt": None, "answer": envelope_json(signed())}
    return replace(scene, documents=[*scene.documents, body])


SCENES = {
    each.__name__: each
    for each in (kept_in_window, overdue_in_window, lacking_in_window, answered)
}


def some_promise(rng: random.Random) -> Question:
    """A log of some runs, a stretch of it, and a receipt for some of it."""
    times = sorted(rng.sample(range(-90, 150), rng.randint(1, 4)))
    lost = rng.random() < 0.4
    runs = [(after, *_some_commitments(rng, is_lost=lost)) for after in times]
    log = busy(*runs, seconds=cast.AT // 1000 + rng.choice((0, 60, 61, 200)))
    size = len(log.leaves)
    first = rng.choice((0, rng.randrange(size), rng.randrange(size)))
    end = rng.choice((size, size, rng.randint(first + 1, size)))
    receipt = receipt_for(
        *OURS[: rng.randint(1, 2)],
        ledger=rng.choice((*[cast.ORIGIN] * 12, "other.example/log")),
        signer=rng.choice((*["receipts"] * 12, "mallory")),
    )
    scene = told_of(log, receipt, first, end, is_rooted=rng.random() < 0.6)
    documents = list(scene.documents)
    if rng.random() < 0.3:
        documents.append(told_of(log, receipt, 0, size, is_rooted=False).documents[1])
    rng.shuffle(documents)
    return Question(tuple(map(as_file, documents)), scene.policy, scene.genesis_id)


def _some_commitments(rng: random.Random, *, is_lost: bool) -> list[bytes]:
    known = [OTHERS, OTHERS, OURS[:1]] if is_lost else [OTHERS, OURS, OURS]
    return rng.choice(known)

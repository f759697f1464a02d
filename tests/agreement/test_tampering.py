"""Evidence that was tampered with: both verifiers say the same of every lie."""

import random
from functools import cache

import pytest

from tests.agreement import promised
from tests.agreement.judging import Question, assert_agreed
from tests.agreement.mutations import change, flip_byte, other_text
from tests.agreement.scene import Scene, as_file
from tests.agreement.scenes import SCENES as GROWN

SCENES = {**GROWN, **promised.SCENES}
LIES = 60  # each scene; 17 of them


@cache
def scene(name: str) -> Scene:
    return SCENES[name]()


@pytest.mark.parametrize("name", SCENES)
def test_what_holds_is_proven_by_both(engine, name):
    answer = assert_agreed(engine, scene(name).question())

    assert answer.failure is None
    assert len(answer.findings) >= 5


def tampered(rng: random.Random, name: str) -> Question:
    """One lie: in a document, in its bytes, in the policy, or about what belongs together."""
    base = scene(name)
    documents, policy, genesis_id = list(base.documents), base.policy, base.genesis_id
    at = rng.randrange(len(documents))
    kind = rng.randrange(12)
    if kind == 0:
        documents[at] = flip_byte(rng, as_file(documents[at]))
    elif kind == 1:
        policy = other_text(rng, policy.decode()).encode()
    elif kind == 2:
        genesis_id = rng.choice(["", "0a" * 32, genesis_id[::-1]])
    elif kind == 3:
        documents.insert(rng.randrange(len(documents)), documents[at])
    elif kind == 4 and len(documents) > 1:
        del documents[at]
    elif kind == 5:
        other = scene(rng.choice(list(SCENES)))
        documents.append(rng.choice(other.documents))
    elif isinstance(documents[at], str | bytes):
        text = as_file(documents[at]).decode()
        documents[at] = other_text(rng, text)
    else:
        documents[at] = change(rng, documents[at])
    return Question(tuple(map(as_file, documents)), policy, genesis_id)


@pytest.mark.parametrize("name", SCENES)
def test_a_lie_fails_in_both_at_one_step_with_one_code(engine, name):
    rng = random.Random(name)
    failed = 0
    for number in range(LIES):
        answer = assert_agreed(engine, tampered(rng, name), f"{name} {number}")
        failed += answer.failure is not None

    assert failed > LIES // 2

"""Generated tampering: hundreds of changed bundles, and none of them passes."""

import io
import random

import pytest

from apps.core.bundle.head import Demands
from apps.core.bundle.verify import verify_bundle
from apps.core.errors import ProofError
from tests.core.bundle import tampering
from tests.core.bundle.acts import random_history
from tests.core.bundle.planning import POLICY_READ, bundle_of
from tests.core.bundle.saying import STELLA, TAG_KEY
from tests.core.bundle.tampering import Parts

pytestmark = pytest.mark.usefixtures("untraced")

SEEDS = range(40, 46)
LEAST = {
    "removed": 150,
    "repeated": 150,
    "reordered": 100,
    "altered": 150,
    "chains": 200,
    "hashes": 100,
    "bits": 200,
}


@pytest.fixture(scope="module")
def bundles():
    """Some bundles, whole and redacted, each with the genesis of its history."""
    made = []
    for seed in SEEDS:
        history = random_history(seed, steps=75)
        lots = ("A1", "B2") if seed % 2 else ("A1",)
        data = bundle_of(history, *lots)
        made.append((history.genesis, data, Parts.of(data)))
    data = bundle_of(history, "A1", form="redacted", reader=STELLA)
    made.append((history.genesis, data, Parts.of(data)))
    return made


def outcome(data, genesis):
    """The number of the step that failed; 0 if none did."""
    try:
        verify_bundle(io.BytesIO(data), Demands(POLICY_READ, genesis, tag_key=TAG_KEY))
    except ProofError as error:
        return error.step or -1
    return 0


def test_clean_and_taken_apart_and_put_together_they_hold(bundles):
    for genesis, data, parts in bundles:
        assert outcome(data, genesis) == 0
        assert parts.zip() == data


@pytest.mark.parametrize("what", sorted(LEAST))
def test_whatever_was_changed_fails_at_a_named_step(bundles, what):
    rng = random.Random(what)
    missed, steps = [], []
    for genesis, data, parts in bundles:
        for desc, made in _cases(what, data, parts, rng):
            step = outcome(made, genesis)
            steps.append(step)
            if not 1 <= step <= 13:
                missed.append((desc, step))

    assert missed == []
    assert len(steps) >= LEAST[what]


def _cases(what, data, parts, rng):
    if what == "bits":
        for _ in range(LEAST[what] // len(SEEDS)):
            at, bit = rng.randrange(len(data)), 1 << rng.randrange(8)
            flipped = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            yield f"byte {at}, bit {bit}", flipped
        return
    changes = {
        "removed": lambda: tampering.removed(parts),
        "repeated": lambda: tampering.repeated(parts),
        "reordered": lambda: tampering.reordered(parts),
        "altered": lambda: tampering.altered(parts, rng),
        "chains": lambda: tampering.altered_chains(parts, rng),
        "hashes": lambda: tampering.altered_hashes(parts, rng, 8),
    }
    for desc, made in changes[what]():
        yield desc, made.zip()

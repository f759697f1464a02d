"""A ledger that lies and signs it well: both verifiers find the lie at the same step."""

import json
import random
from collections import Counter
from dataclasses import replace

import pytest

from apps.core.canonical import canonical_bytes
from apps.core.envelope import STATEMENT_TYPE, envelope_json, statement_id
from apps.core.signing import public_key_of, sign_envelope
from apps.core.statement import build_statement, parse_statement
from tests.agreement.judging import Question, assert_agreed
from tests.agreement.mutations import change, dumped
from tests.agreement.statements import statements
from tests.core.outside import small_ledger as cast

LIES = 50
BASES = statements()
NILS = public_key_of(cast.key("nils")).keyid
GLNS = (cast.OPERATOR, cast.REGULATOR, cast.NOVAMED)
NAMES = ("operator", "regulator", "nora", "nils", "later", "mallory")
SAID = {
    "commission": (cast.commission, ("nils",)),
    "admit": (cast.admit, ("regulator", "operator", "nora")),
    "enrol": (cast.enrol, ("nora", "nils")),
    "later": (lambda: cast.enrol("later"), ("nora", "later")),
    "genesis": (cast.genesis, ("operator", "regulator")),
}


def signed(payload: bytes, signers: list[str]):
    return sign_envelope(
        payload_type=STATEMENT_TYPE,
        payload=payload,
        private_keys=[cast.key(each) for each in dict.fromkeys(signers)],
    )


def lie(rng: random.Random, name: str) -> Question:
    """One statement says something else, or is signed by others; all the rest is sound."""
    made, signers = SAID[name]
    document, chosen = json.loads(build_statement(made())), list(signers)
    kind = rng.randrange(4)
    if kind == 0:
        chosen = rng.sample(NAMES, rng.randint(1, 4))
    elif kind == 1:
        chosen.append(rng.choice(NAMES))
    if kind > 1 or rng.random() < 0.3:
        document = change(rng, document)
    return grown(name, signed(canonical_bytes(document), chosen), rng)


def grown(name: str, envelope, rng: random.Random) -> Question:
    ledger = cast.Ledger()
    for each in ("genesis", "admit", "enrol", "later", "commission"):
        made, signers = SAID[each]
        if each == name:
            # The lie takes the honest statement's leaves.
            accepted_ms = cast.AT + rng.choice((0, 0, 0, 1_000, 1_001, -90_000_000))
            ledger.append_envelope(each, envelope, made(), accepted_ms=accepted_ms)
        else:
            ledger.append(each, made(), *signers)
        if each == "enrol":
            ledger.seal()
    ledger.close()
    keys = [each for each in ("genesis", "admit", "enrol", "later") if each != name]
    proven = rng.choice((name, name, "commission"))
    shown = [*keys, name] if proven != name else keys
    proof = ledger.proof(proven, keys=rng.sample(shown, len(shown)))
    genesis_id = statement_id(ledger.said["genesis"][0])
    receipt = envelope_json(ledger.receipt(proven))
    return Question((dumped(proof), dumped(receipt)), cast.POLICY, genesis_id)


@pytest.mark.parametrize("name", SAID)
def test_a_well_signed_lie_fails_in_both_at_one_step(engine, name):
    rng = random.Random(name)
    steps: Counter[int] = Counter()
    for number in range(LIES):
        answer = assert_agreed(engine, lie(rng, name), f"{name} {number}")
        steps[answer.failure["step"] if answer.failure else 0] += 1

    assert steps[3] + steps[4] > LIES // 3, steps


def test_leaves_that_do_not_fit_are_found_alike(engine):
    rng = random.Random("leaves")
    failed = 0
    for _ in range(LIES):
        ledger = cast.Ledger()
        for name in ("genesis", "admit", "enrol"):
            made, signers = SAID[name]
            ledger.append(name, made(), *signers)
        ledger.seal()
        ledger.append("commission", cast.commission(), "nils")
        ledger.seal()
        at = rng.randrange(len(ledger.leaves))
        ledger.leaves[at] = other_leaf(rng, ledger.leaves[at], ledger.leaves)
        ledger.sign(*rng.choice(((), (), (cast.LOG,), (cast.WITNESS,))))
        name = rng.choice(("commission", "enrol", "admit"))
        keys = [each for each in ("genesis", "admit", "enrol") if each != name]
        document = dumped(ledger.proof(name, keys=keys))
        genesis_id = statement_id(ledger.said["genesis"][0])
        question = Question((document,), cast.POLICY, genesis_id)
        failed += assert_agreed(engine, question).failure is not None

    assert failed > LIES // 2


def other_leaf(rng: random.Random, leaf, leaves):
    """The leaf with one field of another, or another leaf in its place."""
    other = rng.choice(leaves)
    changes = (
        {"time_ms": leaf.time_ms + rng.choice((1, -1, -5_000, 10**15))},
        {"chain_seq": leaf.chain_seq + 1, "prev_leaf_hash": other.leaf_hash},
        {"commitment": other.commitment},
        {"subject_tag": cast.fixed("another tag")} if leaf.kind.value < 3 else {},
    )
    return rng.choice((other, *(replace(leaf, **each) for each in changes)))


@pytest.mark.parametrize("name", BASES)
def test_whoever_says_what_they_may_not_is_found_alike(engine, name):
    """A statement of each kind, by each party, under keys that have standing."""
    rng = random.Random(name)
    for _ in range(20):
        document = {**BASES[name], "by": rng.choice(GLNS)}
        if name in {"key.revoke", "key.reattest"}:
            document["body"] = {**document["body"], "keyid": NILS}
        signers = rng.sample(NAMES[:4], rng.randint(1, 3))
        document["signer"] = f"id-of-{signers[0]}"
        ledger = cast.Ledger()
        for each in ("genesis", "admit", "enrol"):
            made, those = SAID[each]
            ledger.append(each, made(), *those)
        ledger.seal()
        envelope = signed(canonical_bytes(document), signers)
        said = parse_statement(envelope.payload)
        accepted_ms = said.at_ms
        ledger.time_ms = accepted_ms + 1_000
        ledger.append_envelope("last", envelope, said, accepted_ms=accepted_ms)
        ledger.close()
        proof = ledger.proof("last", keys=("genesis", "admit", "enrol"))
        genesis_id = statement_id(ledger.said["genesis"][0])
        assert_agreed(engine, Question((dumped(proof),), cast.POLICY, genesis_id))


@pytest.mark.parametrize("name", ["admit", "enrol"])
@pytest.mark.parametrize("holder", ["id-of-operator", "id-of-regulator"])
def test_one_person_in_both_offices_is_found_alike(engine, name, holder):
    """The regulator's key is held by whom genesis says: by the operator's person too."""
    genesis, said = (
        json.loads(build_statement(each())) for each in (cast.genesis, SAID[name][0])
    )
    genesis["body"]["authorities"][0]["keys"][0]["signer"] = holder
    brought = {"admit": "nora", "enrol": "nils"}[name]
    said["signer"] = {"admit": holder, "enrol": "id-of-nils"}[name]
    ledger = cast.Ledger()
    for each, document, signers in (
        ("genesis", genesis, ["operator", "regulator"]),
        ("last", said, [brought, "operator", "regulator"]),
    ):
        envelope = signed(canonical_bytes(document), signers)
        ledger.append_envelope(each, envelope, parse_statement(envelope.payload))
    ledger.close()
    proof = dumped(ledger.proof("last", keys=["genesis"]))
    genesis_id = statement_id(ledger.said["genesis"][0])
    answer = assert_agreed(engine, Question((proof,), cast.POLICY, genesis_id))

    code = answer.failure and answer.failure["code"]
    is_refused = code in {"same_person", "admin_missing"}
    assert is_refused == (holder == "id-of-operator"), code

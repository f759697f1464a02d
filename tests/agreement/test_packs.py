"""Packs, by proof file and by proof code: frozen cases and lies, judged alike by both."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from apps.core.envelope import STATEMENT_TYPE, build_envelope, pae
from apps.core.packcode import build_code
from apps.core.packproof import parse_pack_proof
from apps.core.policy import Policy
from apps.core.proofcode import parse_code_text
from apps.core.statement import build_statement
from tests.agreement.judging import Question, assert_agreed
from tests.agreement.mutations import change, dumped, flip_byte, other_text
from tests.agreement.signers import curve_passkey
from tests.core.outside import small_ledger as cast
from tests.golden import pack_codes, pack_files
from tests.golden.pack_ledger import (
    POLICY,
    code_of,
    genesis_id,
    key_statements,
    ledger_of,
    pack_file,
)

STORED = json.loads(
    (Path(__file__).resolve().parents[1] / "golden" / "packs.json").read_text()
)
LIES = 100
GONE = pack_files.GONE


def question_of(case: dict[str, Any]) -> Question:
    """A frozen case as files."""
    policy = STORED["policies"].get(case.get("reader"), POLICY).encode()
    keys = tuple(map(dumped, STORED["keys"])) if case.get("rooted") else ()
    genesis = STORED["genesis_id"] if case.get("rooted") else ""
    if "text" in case:
        return Question((case["text"].encode(), *keys), policy, genesis)
    file = STORED["proofs"][case["of"]]
    if "at" in case:
        file = pack_files.changed(file, case["at"], case.get("to", GONE))
    return Question((dumped(file), *keys), policy, genesis)


@pytest.mark.parametrize("case", STORED["codes"], ids=lambda case: case["desc"])
def test_every_frozen_code_gets_its_frozen_answer(engine, case):
    answer = assert_agreed(engine, question_of(case))

    failure = answer.failure or {"code": "", "step": 0}
    wanted = (case.get("want_error", ""), case.get("step", 0))
    if "PTP1:" in case["text"]:  # else the command takes it for another file
        assert (failure["code"], failure["step"]) == wanted
    assert bool(failure["code"]) is ("want_error" in case)


@pytest.mark.parametrize("case", STORED["files"], ids=lambda case: case["desc"])
def test_every_frozen_file_gets_its_frozen_answer(engine, case):
    answer = assert_agreed(engine, question_of(case))

    assert (answer.failure is not None) is ("want_error" in case)


@cache
def scene(name: str) -> tuple[list[Any], bytes, str]:
    """Documents, policy and genesis id of something that holds."""
    ledger = ledger_of()
    keys = key_statements(ledger)
    code = code_of(pack_file(ledger)).format()
    return {
        "code": ([code], POLICY.encode(), ""),
        "rooted code": ([code, *keys], POLICY.encode(), genesis_id(ledger)),
        "passkey": ([passkey_code(), *keys[:1]], POLICY.encode(), ""),
        "file": ([pack_file(ledger)], POLICY.encode(), genesis_id(ledger)),
        "history": (
            [pack_files.file_with_history(ledger)],
            POLICY.encode(),
            genesis_id(ledger),
        ),
    }[name]


def passkey_code() -> str:
    """The code of a lot whose maker signed by passkey."""
    payload = build_statement(cast.commission())
    key, signed = curve_passkey()
    envelope = build_envelope(
        payload_type=STATEMENT_TYPE,
        payload=payload,
        signatures=[signed(pae(STATEMENT_TYPE, payload))],
    )
    file = pack_file(ledger_of(envelope))
    policy = Policy.parse(POLICY.encode())
    proof = parse_pack_proof(dumped(file))
    return build_code(proof, keys={key.keyid: key}, policy=policy).format()


NAMES = ("code", "rooted code", "passkey", "file", "history")


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_is_proven_by_both(engine, name):
    documents, policy, genesis = scene(name)
    question = Question(tuple(map(as_file, documents)), policy, genesis)

    answer = assert_agreed(engine, question)

    assert answer.failure is None
    assert [each[0] for each in answer.findings][-3:] == [
        12,
        14,
        14,
    ] or name == "history"


def as_file(document: Any) -> bytes:
    return document.encode() if isinstance(document, str) else dumped(document)


def tampered(rng: random.Random, name: str) -> Question:
    documents, policy, genesis = scene(name)
    documents = list(documents)
    at, kind = rng.randrange(len(documents)), rng.randrange(10)
    if kind == 0:
        policy = other_text(rng, policy.decode()).encode()
    elif kind == 1:
        genesis = rng.choice(["", "0a" * 32, genesis_id(ledger_of())])
    elif kind == 2:
        documents.append(rng.choice(scene(rng.choice(NAMES))[0]))
    elif isinstance(documents[at], str):
        documents[at] = other_code(rng, documents[at])
    else:
        documents[at] = change(rng, documents[at])
    return Question(tuple(map(as_file, documents)), policy, genesis)


def other_code(rng: random.Random, text: str) -> str:
    """A code with a digit that is another, or with other bytes under a right checksum."""
    if rng.random() < 0.1:
        return other_text(rng, text)
    body = bytearray(pack_codes.body_of(parse_code_text(text)))
    kind, at = rng.randrange(6), rng.randrange(len(body))
    if kind == 0:
        del body[at]
    elif kind == 1:
        body.insert(at, rng.randrange(256))
    elif kind == 2:
        del body[rng.randrange(len(body)) :]
    else:
        body = bytearray(flip_byte(rng, bytes(body)))
    return pack_codes.sealed(bytes(body))


@pytest.mark.parametrize("name", NAMES)
def test_a_lie_about_a_pack_fails_in_both_at_one_step(engine, name):
    rng = random.Random(name)
    failed = 0
    for number in range(LIES if "code" in name else LIES // 2):
        answer = assert_agreed(engine, tampered(rng, name), f"{name} {number}")
        failed += answer.failure is not None

    assert failed > LIES // 4

"""Small forms, good and bad: JSON, notes, heads, keys, policies, proofs, leaves.

The cases are those of Python's own tests, read from their parameters; each is put to both
readers, and so are neighbours of the good ones.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.core.canonical import canonical_bytes, parse_canonical, parse_json
from apps.core.checkpoint import Checkpoint
from apps.core.errors import TraceError
from apps.core.leaf import Leaf
from apps.core.note import Note
from apps.core.notekey import VerifierKey
from apps.core.policy import Policy
from apps.core.proof import TlogProof
from tests.agreement.engine import RefusedError, b64
from tests.agreement.judging import comparable_refusal, refusal_of
from tests.agreement.mutations import flip_byte, other_text
from tests.agreement.signers import Quorum
from tests.core.log import (
    test_checkpoint,
    test_leaf,
    test_note,
    test_notekey,
    test_policy,
    test_proof,
)
from tests.core.outside import small_ledger as cast
from tests.core.signing import test_canonical

LIMIT = 1 << 24


def given_to(module: Any) -> Iterator[Any]:
    """First parameters of all tests of a module, those that are text or bytes."""
    for test in vars(module).values():
        for mark in getattr(test, "pytestmark", ()):
            if mark.name != "parametrize":
                continue
            for case in mark.args[1]:
                values = getattr(case, "values", case)
                first = values[0] if isinstance(values, tuple) and values else values
                if isinstance(first, str | bytes):
                    yield first


def both(
    engine: Any, python: Callable[[], Any], call: str, **args: Any
) -> tuple[Any, Any]:
    """What each says: "" or the refusal."""
    said: list[Any] = []
    try:
        python()
        said.append("")
    except TraceError as error:
        said.append(comparable_refusal(refusal_of(error)))
    try:
        engine.ask(call, **args)
        said.append("")
    except RefusedError as error:
        said.append(comparable_refusal(error.said))
    return said[0], said[1]


def octets(each: str | bytes) -> bytes:
    return each.encode("utf-8", "replace") if isinstance(each, str) else each


def test_json_is_read_alike(engine):
    found = [octets(each) for each in given_to(test_canonical)]
    rng = random.Random("json")
    good = [b'{"a":[1,2.5,"x\\u00e9\\ud83d\\ude00"],"b":{"c":null,"d":true}}']
    found += [flip_byte(rng, rng.choice(good)) for _ in range(300)]
    found += [
        b"-", b"-0", b"-01", b"01", b"1.", b"1.e5", b"1e5", b"1E+5", b"9" * 20 + b".",
        b"NaN", b"-Infinity", b"[Infinity]", b"nul", b"truex", b'"\\u12"', b'"\\ud800"',
        b'"\\ud83dx"', b'{"a":1,"a":2}', b'{"a":1,}', b"[1,]", b'{"b":0,"a":[{"x":1,"x":2}]}',
        b'{"a":9007199254740992}', b'{"a":-9007199254740991}', b"1e400", b"0.0", b"-0.0",
        b"\xe2\x82", b"\xf0\x90\x80", b'"\xed\xa0\x80"', "\ufeff1".encode(), b"1e21",
        '"\ufdd0"'.encode(), '"\U0001fffe"'.encode(), b'"\\uffff"', b'["\\u0000"]',
    ]  # fmt: skip
    for data in found:
        for options in ({"doubles": False}, {"doubles": True}, {"max_depth": 8}):
            wanted, got = both(
                engine,
                lambda data=data, options=options: canonical_bytes(
                    parse_json(data, max_bytes=LIMIT, **options)
                ),
                "parseJson",
                data=b64(data),
                maxBytes=LIMIT,
                doubles=options.get("doubles", False),
                maxDepth=options.get("max_depth", 64),
            )
            assert got == wanted, (data[:80], options)
        wanted, got = both(
            engine,
            lambda data=data: parse_canonical(data, max_bytes=LIMIT, doubles=True),
            "parseCanonical",
            data=b64(data),
        )
        assert got == wanted, data[:80]


def test_text_of_every_plane_is_judged_alike(engine):
    rng = random.Random("planes")
    points = [*range(0x250), *rng.sample(range(0x250, 0x110000), 3_000)]
    for point in points:
        if 0xD800 <= point < 0xE000:
            continue
        data = canonical_or_raw(chr(point))
        wanted, got = both(
            engine,
            lambda data=data: parse_canonical(data, max_bytes=LIMIT),
            "parseCanonical",
            data=b64(data),
        )
        assert got == wanted, hex(point)


def canonical_or_raw(character: str) -> bytes:
    # A mark behind a letter may be composed with it: then the text is not NFC.
    return f'"a{character}"'.encode()


CASES: dict[str, tuple[Any, Callable[[Any], Any], Callable[[Any], dict[str, str]]]] = {
    "note": (
        [test_note, [cast.small_ledger().note]],
        lambda data: Note.parse(octets(data)),
        lambda data: {"data": b64(octets(data))},
    ),
    "checkpoint": (
        [test_checkpoint, ["o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"]],
        Checkpoint.parse,
        lambda text: {"text": text},
    ),
    "vkey": (
        [test_notekey, [cast.LOG.verifier.format(), cast.WITNESS.verifier.format()]],
        VerifierKey.parse,
        lambda text: {"text": text},
    ),
    "policy": (
        [test_policy, [cast.POLICY, Quorum().policy]],
        lambda data: Policy.parse(octets(data)),
        lambda data: {"data": b64(octets(data))},
    ),
    "place": (
        [test_proof, [cast.small_ledger().place(6)]],
        lambda data: TlogProof.parse(octets(data)),
        lambda data: {"data": b64(octets(data))},
    ),
    "leaf": (
        [test_leaf, [each.encode() for each in cast.small_ledger().leaves]],
        Leaf.decode,
        lambda data: {"data": b64(data)},
    ),
}
NEIGHBOURS = 150


@pytest.mark.parametrize("call", CASES)
def test_a_form_is_read_alike(engine, call):
    (module, good), python, args = CASES[call]
    rng = random.Random(call)
    kind = type(good[0])
    cases = [each for each in given_to(module) if call != "leaf" or kind is type(each)]
    if call in ("checkpoint", "vkey"):
        cases = [each for each in cases if isinstance(each, str)]
    cases += good
    for _ in range(NEIGHBOURS):
        each = rng.choice(good)
        if isinstance(each, bytes) and rng.random() < (1 if call == "leaf" else 0.3):
            cases.append(flip_byte(rng, each))
        else:
            text = each.decode() if isinstance(each, bytes) else each
            cases.append(other_text(rng, text))
    refused = 0
    for case in cases:
        wanted, got = both(engine, lambda case=case: python(case), call, **args(case))
        assert got == wanted, case[:200]
        refused += wanted != ""

    assert refused > NEIGHBOURS // 4
    assert all(
        both(engine, lambda e=e: python(e), call, **args(e))[1] == "" for e in good
    )

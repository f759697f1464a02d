"""Proof codes of good form, each with one thing in it that does not hold."""

from dataclasses import replace
from typing import Any

from apps.core.canonical import canonical_bytes, parse_json
from apps.core.codeparts import BroughtSignature, Cosignature
from apps.core.keys import ED25519, keyid_of
from apps.core.leaf import ZEROS
from apps.core.proofcode import ProofCode
from apps.core.signing import public_key_of
from apps.core.statement import build_statement
from tests.core.log.log_cast import flip
from tests.core.outside import small_ledger as cast
from tests.golden.pack_codes import Cases, body_of, sealed, signed_by
from tests.golden.pack_ledger import (
    SECONDS,
    STRANGER,
    WEAK_KEY,
    WITNESSES,
    moved_event,
    sampled_file,
)


def lies(code: ProofCode) -> Cases:
    """Well-formed codes of which something does not hold."""

    def changed(**changes: Any) -> str:
        return replace(code, **changes).format()

    yield "another log", changed(log_key_id=b"\1\2\3\4")
    yield (
        "a witness's key id as the log's",
        changed(log_key_id=WITNESSES[0].verifier.key_id),
    )
    yield from _lies_of_the_statement(code)
    yield "a salt with one bit flipped", changed(salt=flip(code.salt, 9))
    yield "accepted a millisecond earlier", changed(accepted_ms=code.accepted_ms - 1)
    yield "accepted after the leaf", changed(accepted_ms=code.time_ms + 1)
    yield (
        "accepted when it had expired",
        changed(accepted_ms=cast.AT + 86_400_001, time_ms=cast.AT + 86_400_002),
    )
    yield "accepted before it was said", changed(accepted_ms=cast.AT - 300_001)
    yield "a leaf a millisecond later", changed(time_ms=code.time_ms + 1)
    yield (
        "a second leaf of its chain",
        changed(chain_seq=1, prev_leaf_hash=cast.fixed("x")),
    )
    yield "a second leaf without a first", _second_without_first(code)
    yield "the next index", changed(index=code.index + 1)
    yield "an index beyond the log", changed(index=code.tree_size)
    yield "a log of one leaf more", changed(tree_size=code.tree_size + 1)
    yield "a log of 2^62 leaves", changed(tree_size=1 << 62)
    path = code.inclusion_path
    yield (
        "one bit of a path hash flipped",
        changed(inclusion_path=(flip(path[0], 3), *path[1:])),
    )
    yield (
        "two path hashes exchanged",
        changed(inclusion_path=(path[1], path[0], *path[2:])),
    )
    yield "a path hash less", changed(inclusion_path=path[:-1])
    yield "a path hash more", changed(inclusion_path=(*path, ZEROS))
    yield "no path", changed(inclusion_path=())
    yield (
        "one bit of the log's signature flipped",
        changed(log_signature=flip(code.log_signature, 1)),
    )
    yield "a forger's head", changed(log_signature=cast.fixed("a") + cast.fixed("b"))
    yield from _lies_of_the_witnesses(code)
    yield from _lies_of_the_pack(code)


def _second_without_first(code: ProofCode) -> str:
    body = body_of(code)
    at = body.index(code.time_ms.to_bytes(8, "big")) + 8
    return sealed(body[:at] + (1).to_bytes(8, "big") + ZEROS + body[at + 8 :])


def _lies_of_the_statement(code: ProofCode) -> Cases:
    said = parse_json(code.payload, max_bytes=1 << 20)
    assert isinstance(said, dict)

    def signed(payload: bytes) -> str:
        voices = (signed_by("nils", payload),)
        return replace(code, payload=payload, signatures=voices).format()

    def saying(**changes: Any) -> str:
        return signed(canonical_bytes({**said, **changes}))

    (subject,) = said["subjects"]  # type: ignore[misc]
    other = {**subject, "serials": {**subject["serials"], "lot": "B999"}}  # type: ignore[dict-item, call-overload, index]
    yield "no statement", signed(b"{}")
    yield "a statement with a blank", signed(code.payload.replace(b'"v":1', b'"v": 1'))
    yield "a statement of version 2", saying(v=2)
    yield "a statement for another ledger", saying(ledger="other.example/log")
    yield "a despatch", signed(build_statement(moved_event("ship", ranges=((0, 2),))))
    yield "a file of events", signed(build_statement(sampled_file()))
    yield "a subject of another lot than the event", saying(subjects=[other])
    yield (
        "another statement under its old signature",
        replace(
            code, payload=canonical_bytes({**said, "signer": "id-of-nobody"})
        ).format(),
    )
    (voice,) = code.signatures
    bad = replace(voice.signature, sig=flip(voice.signature.sig, 5))
    yield (
        "one bit of the maker's signature flipped",
        replace(code, signatures=(replace(voice, signature=bad),)).format(),
    )
    mallory = public_key_of(cast.key("mallory"))
    taken = replace(voice.signature, keyid=mallory.keyid)
    yield (
        "the maker's signature under another key",
        replace(
            code, signatures=(BroughtSignature(ED25519, mallory.spki, taken),)
        ).format(),
    )
    weak = replace(voice.signature, keyid=keyid_of(WEAK_KEY))
    yield (
        "a key of small order",
        replace(code, signatures=(BroughtSignature(ED25519, WEAK_KEY, weak),)).format(),
    )
    yield (
        "the same statement signed by somebody else",
        replace(code, signatures=(signed_by("mallory", code.payload),)).format(),
    )


def _lies_of_the_witnesses(code: ProofCode) -> Cases:
    def cosigned(*lines: Cosignature) -> str:
        ordered = sorted(lines, key=lambda each: each.key_id)
        return replace(code, cosignatures=tuple(ordered)).format()

    first, second = code.cosignatures
    line = STRANGER.sign("not this head\n", time_seconds=SECONDS)
    stranger = Cosignature(line.key_id, SECONDS, line.signature[8:])
    yield "no witness", cosigned()
    yield "one witness of two", cosigned(first)
    yield "a witness and a stranger", cosigned(first, stranger)
    yield (
        "one bit of a cosignature flipped",
        cosigned(first, replace(second, signature=flip(second.signature, 7))),
    )
    yield (
        "a cosignature a second later",
        cosigned(replace(first, time_seconds=first.time_seconds + 1), second),
    )
    yield (
        "one witness's line as another's",
        cosigned(first, replace(first, key_id=second.key_id)),
    )


def _lies_of_the_pack(code: ProofCode) -> Cases:
    def changed(**changes: Any) -> str:
        return replace(code, **changes).format()

    path = code.serial_path
    yield "another serial", changed(serial="S9")
    yield "the serial of its neighbour", changed(serial="S1")
    yield "the next ordinal", changed(ordinal=code.ordinal + 1)
    yield "an ordinal beyond the lot", changed(ordinal=3)
    yield "another salt of the serial", changed(serial_salt=flip(code.serial_salt, 2))
    yield (
        "one bit of the lot's path flipped",
        changed(serial_path=(flip(path[0], 8), *path[1:])),
    )
    yield "a hash of the lot less", changed(serial_path=path[:-1])
    yield "a hash of the lot more", changed(serial_path=(*path, ZEROS))

"""Proof codes that hold, and many that must not, each with the refusal it deserves."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

from apps.core.canonical import canonical_bytes, parse_json
from apps.core.codeparts import (
    DICTIONARY,
    BroughtSignature,
    Cosignature,
    encode_signature,
    pack_payload,
)
from apps.core.digits import encode_digits
from apps.core.envelope import STATEMENT_TYPE, Signature, pae
from apps.core.keys import ED25519, keyid_of
from apps.core.leaf import ZEROS
from apps.core.proofcode import PREFIX, ProofCode
from apps.core.signing import public_key_of, sign
from apps.core.statement import build_statement
from tests.core.log.log_cast import flip
from tests.core.outside import small_ledger as cast
from tests.golden.pack_ledger import (
    POLICY,
    SECONDS,
    STRANGER,
    WEAK_KEY,
    WITNESSES,
    PackLedger,
    code_of,
    moved_event,
    pack_file,
    sampled_file,
)

Cases = Iterator[tuple[str, str]]


def sealed(body: bytes) -> str:
    """A code's bytes without checksum as text, with one that fits."""
    return PREFIX + encode_digits(body + sha256(body).digest()[:4])


def body_of(code: ProofCode) -> bytes:
    """A code's bytes without its checksum."""
    return code.encode()[:-4]


def signed_by(name: str, payload: bytes) -> BroughtSignature:
    """Somebody's signature over a statement, with the key."""
    key = public_key_of(cast.key(name))
    made = sign(cast.key(name), pae(STATEMENT_TYPE, payload))
    return BroughtSignature(key.alg, key.spki, Signature(key.keyid, made))


def texts(code: ProofCode) -> Cases:
    """What is no code, or was damaged on the way."""
    text, data = code.format(), code.encode()
    digits = text.removeprefix(PREFIX)
    yield "nothing", ""
    yield "another text", "https://trace.example/01/09521568251204"
    yield "the prefix in lower case", text.lower()
    yield "a later prefix", text.replace("PTP1", "PTP2")
    yield "the code ahead of the #, nothing behind it", f"{text}#"
    yield "the prefix alone", PREFIX
    yield "a letter among the digits", text.replace("0", "O", 1)
    yield "a blank among the digits", f"{text[:20]} {text[20:]}"
    yield "digits of another script", PREFIX + "٠" * 17
    yield "one digit too few", text[:-1]
    yield "one digit more", f"{text}0"
    yield "a number that 7 bytes do not hold", PREFIX + "9" * 17 + digits[17:]
    yield "four bytes", PREFIX + encode_digits(data[:4])
    yield "one bit flipped", PREFIX + encode_digits(flip(data, 400))
    yield (
        "one bit of the checksum flipped",
        PREFIX + encode_digits(flip(data, 8 * len(data) - 1)),
    )
    yield "cut, with the digits that are left", PREFIX + encode_digits(data[:-9])
    yield "2,901 bytes", sealed(body_of(code) + bytes(2_901 - len(data)))


def forms(code: ProofCode) -> Cases:
    """Fields that break the form, under a checksum that fits."""
    body = body_of(code)
    packed = pack_payload(code.payload)
    cosigned = 1 + 4 + 8 + 64
    first = cosigned + 1
    size = 76 * len(code.cosignatures)
    place = first + size
    path = place + 8
    after = path + 1 + 32 * len(code.inclusion_path)
    signatures = after + 8 + 8 + (32 if code.chain_seq else 0) + 32 + 8
    payload = signatures + 1 + 1 + 32 + 64
    serial = len(body) - 1 - len(code.serial)

    def put(at: int, new: bytes, *, over: int | None = None) -> str:
        return sealed(
            body[:at] + new + body[at + (len(new) if over is None else over) :]
        )

    cosignatures = [body[first : first + 76], body[first + 76 : place]]
    yield "version 0", put(0, b"\0")
    yield "version 2", put(0, b"\2")
    yield "cut behind the log's signature", sealed(body[:cosigned])
    yield "a byte behind the end", sealed(body + b"\0")
    yield "a log of no leaves", put(5, bytes(8))
    yield "a log of 2^63 leaves", put(5, (1 << 63).to_bytes(8, "big"))
    yield "17 cosignatures", put(cosigned, b"\x11")
    yield "one cosignature more than there are", put(cosigned, b"\3")
    yield "cosignatures out of order", put(first, cosignatures[1] + cosignatures[0])
    yield "a cosignature twice", put(first, cosignatures[0] * 2)
    yield (
        "a cosignature of the year 10000",
        put(first + 4, (253_402_300_800).to_bytes(8, "big")),
    )
    yield "an index of 2^63", put(place, (1 << 63).to_bytes(8, "big"))
    yield "64 hashes of the log", put(path, b"\x40" + bytes(2_048), over=after - path)
    yield (
        "a leaf of the year 10000",
        put(after, (253_402_300_800_000).to_bytes(8, "big")),
    )
    yield (
        "accepted in the year 10000",
        put(signatures - 8, (253_402_300_800_000).to_bytes(8, "big")),
    )
    yield "no signature", put(signatures, b"\0")
    yield "17 signatures", put(signatures, b"\x11")
    yield "an algorithm 0", put(signatures + 1, b"\0")
    yield "an algorithm 4", put(signatures + 1, b"\4")
    yield "a statement of no bytes", put(payload, b"\0\0")
    yield (
        "a statement one byte longer",
        put(payload, (len(code.payload) + 1).to_bytes(2, "big")),
    )
    yield (
        "a statement one byte shorter",
        put(payload, (len(code.payload) - 1).to_bytes(2, "big")),
    )
    yield "no deflate", put(payload + 4, b"\xff" * len(packed))
    yield "deflate without its end", repacked(body, payload, packed, packed[:-2])
    yield "a byte behind deflate", repacked(body, payload, packed, packed + b"\0")
    yield (
        "deflate of more than the statement",
        repacked(body, payload, packed, plain(DICTIONARY + code.payload)),
    )
    yield (
        "an ordinal of 2^53",
        put(payload + 4 + len(packed), (1 << 53).to_bytes(8, "big")),
    )
    yield (
        "54 hashes of the lot",
        put(payload + 4 + len(packed) + 24, b"\x36" + bytes(54 * 32), over=1),
    )
    yield "a serial of no characters", sealed(body[:serial] + b"\0")
    yield "a serial of 21 characters", sealed(body[:serial] + b"\x15" + b"S" * 21)
    yield "a serial with a #", sealed(body[:serial] + b"\2S#")
    yield "a serial that is not ASCII", sealed(body[:serial] + b"\2S\xe4")
    twice = code.signatures[0], signed_by("nora", code.payload)
    ordered = sorted(twice, key=lambda each: each.signature.keyid)
    yield "signatures out of order", _with_signatures(code, ordered[::-1])
    yield "a signature twice", _with_signatures(code, [twice[0], twice[0]])


def plain(payload: bytes) -> bytes:
    """Raw deflate that does not use the dictionary."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packing.compress(payload) + packing.flush()


def repacked(body: bytes, at: int, old: bytes, new: bytes) -> str:
    """The code with another deflate stream; `at` is where `payload_size` stands."""
    size = len(new).to_bytes(2, "big")
    return sealed(body[: at + 2] + size + new + body[at + 4 + len(old) :])


def _with_signatures(code: ProofCode, signatures: list[BroughtSignature]) -> str:
    (old,) = code.signatures
    encoded = b"".join(encode_signature(each) for each in signatures)
    before = b"\1" + encode_signature(old)
    return sealed(body_of(code).replace(before, bytes([len(signatures)]) + encoded))


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


def refused(ledger: PackLedger) -> Iterator[dict[str, Any]]:
    """Every code that must not verify under the policy."""
    code = code_of(pack_file(ledger))
    groups: list[Callable[[ProofCode], Cases]] = [texts, forms, lies]
    for group in groups:
        for desc, text in group(code):
            yield {"desc": desc, "text": text}


def policies() -> dict[str, str]:
    """Other readers' policies, by what they are."""
    log, *rest = POLICY.splitlines(keepends=True)
    quorum = (
        "".join(rest[:3])
        + "group all-three all regulator chemists rival\nquorum all-three\n"
    )
    mallory = cast.SignerKey(
        cast.ORIGIN, cast.SignatureType.ED25519, cast.fixed("forger")
    )
    return {
        "no witness is asked for": f"{log}quorum none\n",
        "all three witnesses": log + quorum,
        "another log": f"log {mallory.verifier.format()}\n" + "".join(rest),
    }

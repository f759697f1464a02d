"""Proof codes that hold, and many that must not, each with the refusal it deserves."""

import zlib
from collections.abc import Iterator
from hashlib import sha256

from apps.core.codeparts import (
    DICTIONARY,
    BroughtSignature,
    encode_signature,
    pack_payload,
)
from apps.core.digits import encode_digits
from apps.core.envelope import STATEMENT_TYPE, Signature, pae
from apps.core.proofcode import PREFIX, ProofCode
from apps.core.signing import public_key_of, sign
from tests.core.log.log_cast import flip
from tests.core.outside import small_ledger as cast
from tests.golden.pack_ledger import (
    POLICY,
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

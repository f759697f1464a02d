"""The proof code as bytes and as digits: one spelling, and a flipped bit is refused."""

import zlib
from dataclasses import replace
from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.codeparts import (
    DICTIONARY,
    BroughtSignature,
    Cosignature,
    pack_payload,
)
from apps.core.digits import decode_digits, encode_digits
from apps.core.envelope import Signature, WebauthnEvidence
from apps.core.errors import MalformedInput, TraceError
from apps.core.keyring import KeyRing
from apps.core.keys import ECDSA_P256, ED25519, WEBAUTHN_ES256, keyid_of
from apps.core.leaf import ZEROS
from apps.core.packs import verify_proof_code
from apps.core.policy import Policy
from apps.core.proofcode import (
    MAX_CODE_BYTES,
    PREFIX,
    ProofCode,
    parse_code_text,
    parse_proof_code,
    read_code_file,
)
from tests.core.log.log_cast import flip
from tests.core.outside.small_ledger import SERIALS
from tests.golden.pack_ledger import POLICY, code_of, ledger_of, pack_file

MOST = 253_402_300_799_999
AHEAD = {
    ED25519: bytes.fromhex("302a300506032b6570032100"),
    ECDSA_P256: bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"),
}
AHEAD[WEBAUTHN_ES256] = AHEAD[ECDSA_P256]


def octets(size):
    return st.binary(min_size=size, max_size=size)


def paths(most):
    return st.lists(octets(32), max_size=most).map(tuple)


@st.composite
def signatures(draw):
    alg = draw(st.sampled_from(sorted(AHEAD)))
    key = draw(octets(32 if alg == ED25519 else 64))
    spki, shown = AHEAD[alg] + key, None
    if alg == WEBAUTHN_ES256:
        some = st.binary(min_size=1, max_size=40)
        shown = WebauthnEvidence(draw(some), draw(some))
    sig = draw(octets(64) if shown is None else st.binary(min_size=1, max_size=72))
    return BroughtSignature(alg, spki, Signature(keyid_of(spki), sig, shown))


@st.composite
def codes(draw):
    chain_seq = draw(st.integers(0, 2**64 - 1))
    cosigned = draw(
        st.lists(
            st.builds(Cosignature, octets(4), st.integers(0, MOST // 1000), octets(64)),
            max_size=3,
            unique_by=lambda one: one.key_id,
        )
    )
    signed = draw(
        st.lists(
            signatures(),
            min_size=1,
            max_size=2,
            unique_by=lambda one: one.signature.keyid,
        )
    )
    return ProofCode(
        log_key_id=draw(octets(4)),
        tree_size=draw(st.integers(1, 2**63 - 1)),
        log_signature=draw(octets(64)),
        cosignatures=tuple(sorted(cosigned, key=lambda one: one.key_id)),
        index=draw(st.integers(0, 2**63 - 1)),
        inclusion_path=draw(paths(5)),
        time_ms=draw(st.integers(0, MOST)),
        chain_seq=chain_seq,
        prev_leaf_hash=draw(octets(32)) if chain_seq else ZEROS,
        salt=draw(octets(32)),
        accepted_ms=draw(st.integers(0, MOST)),
        signatures=tuple(sorted(signed, key=lambda one: one.signature.keyid)),
        payload=draw(st.binary(min_size=1, max_size=300)),
        ordinal=draw(st.integers(0, 2**53 - 1)),
        serial_salt=draw(octets(16)),
        serial_path=draw(paths(5)),
        serial=draw(st.text("0AZz!-_/", min_size=1, max_size=20)),
    )


@cache
def good() -> ProofCode:
    return code_of(pack_file(ledger_of()))


@given(codes())
def test_a_code_is_read_back_as_it_was_written(code):
    assert parse_proof_code(code.encode()) == code
    assert parse_code_text(code.format()) == code
    assert read_code_file(f"https://x.example/#{code.format()}\n".encode()) == code


@given(st.binary(max_size=200))
def test_any_bytes_give_a_code_or_a_refusal(data):
    for read in (
        parse_proof_code,
        read_code_file,
        lambda data: parse_code_text(PREFIX + encode_digits(data)),
        lambda data: parse_proof_code(data + sha256(data).digest()[:4]),
    ):
        with pytest.raises(MalformedInput):
            read(data)


@settings(max_examples=300)
@given(st.data())
def test_any_body_under_a_good_checksum_gives_a_code_or_a_refusal(data):
    body = bytearray(good().encode()[:-4])
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(body[: data.draw(st.integers(1, len(body)))])

    try:
        code = parse_proof_code(body + sha256(body).digest()[:4])
    except MalformedInput:
        return
    assert parse_proof_code(code.encode()) == code


def verify(code):
    return verify_proof_code(
        code=code, policy=Policy.parse(POLICY.encode()), ring=KeyRing()
    )


def test_no_code_with_a_flipped_bit_is_read():
    data = good().encode()

    for bit in range(8 * len(data)):
        with pytest.raises(MalformedInput, match="code damaged"):
            parse_proof_code(flip(data, bit))


@settings(max_examples=400)
@given(st.integers(0, 8 * (len(good().encode()) - 4) - 1))
def test_no_bit_can_be_flipped_by_somebody_who_mends_the_checksum(bit):
    body = flip(good().encode()[:-4], bit)

    try:
        code = parse_proof_code(body + sha256(body).digest()[:4])
        verify(code)
    except TraceError:
        return
    # Deflate can spell one text in several ways: then nothing else was changed.
    assert code == good()


def test_every_pack_of_the_lot_has_a_code_of_its_own():
    ledger = ledger_of()

    shown = [
        verify(parse_code_text(code_of(pack_file(ledger, ordinal=number)).format()))
        for number in range(3)
    ]
    assert [each.pack.serial for each in shown] == SERIALS


@pytest.mark.parametrize("size", range(8))
def test_digits_are_as_many_as_the_largest_number_needs(size):
    largest = b"\xff" * size

    digits = encode_digits(largest)
    assert digits == (str(256**size - 1) if size else "")
    assert decode_digits(digits, field="code") == largest
    assert len(encode_digits(bytes(size))) == len(digits)


@given(st.binary(max_size=60))
def test_bytes_have_one_spelling_in_digits(data):
    digits = encode_digits(data)

    assert decode_digits(digits, field="code") == data
    assert (digits + "x")[:-1].isdigit() or not data


@given(st.text("0123456789", max_size=60))
def test_any_digits_give_their_bytes_or_a_refusal(text):
    try:
        data = decode_digits(text, field="code")
    except MalformedInput:
        return
    assert encode_digits(data) == text


def test_a_payload_is_not_unpacked_beyond_what_it_says():
    bomb = replace(good(), payload=b"a" * 65_535)

    assert len(pack_payload(bomb.payload)) < 100
    assert parse_proof_code(bomb.encode()).payload == bomb.payload
    with pytest.raises(MalformedInput, match="too large"):
        replace(good(), payload=b"a" * 65_536).encode()


def test_the_dictionary_works_as_a_stored_block_ahead():
    """How a browser unpacks, whose inflate takes no dictionary."""
    packed = pack_payload(good().payload)
    size = len(DICTIONARY)
    ahead = b"\0" + size.to_bytes(2, "little") + (0xFFFF - size).to_bytes(2, "little")

    unpacked = zlib.decompress(ahead + DICTIONARY + packed, -zlib.MAX_WBITS)
    assert unpacked == DICTIONARY + good().payload
    assert len(packed) < 0.35 * len(good().payload)


def test_what_does_not_fit_is_not_written():
    many = replace(good(), inclusion_path=(ZEROS,) * 63)
    assert len(many.encode()) <= MAX_CODE_BYTES

    with pytest.raises(MalformedInput, match="too large"):
        replace(many, serial_path=(ZEROS,) * 20).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"cosignatures": tuple(reversed(good().cosignatures))},
        {"log_key_id": b"\1\2\3"},
        {"salt": bytes(31)},
        {"serial": "ä"},
        {"tree_size": 0},
        {"ordinal": 2**53},
        {"index": -1},
        {"prev_leaf_hash": b"\1" * 32},
    ],
)
def test_what_would_not_be_read_back_is_not_written(changes):
    with pytest.raises(MalformedInput):
        replace(good(), **changes).encode()

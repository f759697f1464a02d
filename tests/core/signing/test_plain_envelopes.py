"""Envelopes as nearly all are, read at once: never otherwise than by the strict reader."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.canonical import canonical_bytes, parse_json
from apps.core.envelope import (
    MAX_ENVELOPE_BYTES,
    RECEIPT_TYPE,
    STATEMENT_TYPE,
    Envelope,
    Signature,
    envelope_bytes,
    envelope_json,
    join_envelope,
    open_sealed,
    parse_envelope,
    read_envelope,
)
from apps.core.errors import MalformedInput
from apps.core.fields import Fields

SIGNATURES = st.builds(
    Signature,
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.one_of(st.binary(min_size=64, max_size=64), st.binary(min_size=1, max_size=130)),
)
ENVELOPES = st.builds(
    Envelope,
    st.sampled_from([STATEMENT_TYPE, RECEIPT_TYPE, "x/y", "text; v=1", ""]),
    st.binary(max_size=40),
    st.lists(SIGNATURES, max_size=4).map(tuple),
)


def strictly(data):
    """As the reader of every envelope has it."""
    try:
        value = parse_json(data, max_bytes=MAX_ENVELOPE_BYTES)
        return read_envelope(Fields(value, where=""))
    except MalformedInput as error:
        return error.code


def at_once(data):
    try:
        return parse_envelope(data)
    except MalformedInput as error:
        return error.code


def spelled(envelope):
    """The two orders of members that are met, and one that is not."""
    value = envelope_json(envelope)
    names = ("payloadType", "payload", "signatures")
    tight = {"separators": (",", ":")}
    yield json.dumps({name: value[name] for name in names}, **tight).encode()
    yield json.dumps({name: value[name] for name in names[::-1]}, **tight).encode()
    yield json.dumps(value).encode()
    yield canonical_bytes(value)


@given(ENVELOPES)
def test_every_envelope_is_read_as_the_strict_reader_reads_it(envelope):
    for data in spelled(envelope):
        assert at_once(data) == strictly(data)


@given(ENVELOPES, st.integers(0, 3), st.data())
def test_so_is_one_with_a_changed_byte(envelope, order, chosen):
    data = bytearray(list(spelled(envelope))[order])
    at = chosen.draw(st.integers(0, len(data) - 1))
    data[at] = chosen.draw(st.sampled_from(b'"\\{}[],:=+/AQgwZz09 \n\x00\xff'))

    assert at_once(bytes(data)) == strictly(bytes(data))


def one(sig=b"s" * 64, keyid="0a" * 32):
    return envelope_json(Envelope("", b"", (Signature(keyid, sig),)))["signatures"][0]


@pytest.mark.parametrize(
    "signatures",
    [
        [],
        [one(), one()],
        [one(keyid="0b" * 32), one()],
        [one() | {"sig": "A" * 85 + "R=="}],
        [one() | {"keyid": "0A" * 32}],
        [one() | {"sig": "A" * 86 + "=="}, one()],
        [one() | {"sig": "A" * 86 + "==", "more": 1}],
        [one(keyid=f"{n:064x}") for n in range(17)],
    ],
)
def test_sealed_parts_that_are_no_envelope_are_refused(signatures):
    parts = {"payload": b"{}", "signatures": canonical_bytes(signatures)}

    with pytest.raises(MalformedInput):
        open_sealed(**parts)
    with pytest.raises(MalformedInput):
        parse_envelope(join_envelope(**parts))


def opened(payload, signatures):
    try:
        return open_sealed(payload=payload, signatures=signatures)
    except MalformedInput as error:
        return error.code


@given(ENVELOPES)
def test_sealed_parts_make_the_envelope_that_they_were_cut_from(envelope):
    envelope = Envelope(STATEMENT_TYPE, envelope.payload, envelope.signatures)
    signatures = canonical_bytes(envelope_json(envelope)["signatures"])
    joined = join_envelope(payload=envelope.payload, signatures=signatures)

    assert joined == envelope_bytes(envelope)
    assert opened(envelope.payload, signatures) == strictly(joined)


def test_another_spelling_of_sealed_signatures_is_refused():
    said = {name: value.encode() for name, value in one().items()}

    for signatures in (
        b'[{"sig":"%(sig)b","keyid":"%(keyid)b"}]',
        b'[{"keyid":"%(keyid)b", "sig":"%(sig)b"}]',
        b'[{"keyid":"%(keyid)b","sig":"%(sig)b"}]\n',
    ):
        with pytest.raises(MalformedInput, match="envelope not canonical"):
            open_sealed(
                payload=b"{}",
                signatures=signatures % {k.encode(): v for k, v in said.items()},
            )

"""DSSE envelopes: exactly the fields there are, in one spelling."""

import base64
import copy
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    envelope_bytes,
    envelope_digest,
    parse_envelope,
    statement_id,
)
from apps.core.errors import MalformedInput

PLAIN = {
    "payloadType": STATEMENT_TYPE,
    "payload": base64.b64encode(b'{"v":1}').decode(),
    "signatures": [
        {"keyid": "0a" * 32, "sig": base64.b64encode(b"s" * 64).decode()},
        {
            "keyid": "0b" * 32,
            "sig": base64.b64encode(b"t" * 70).decode(),
            "webauthn": {"authenticatorData": "YWE=", "clientDataJSON": "e30="},
        },
        {
            "keyid": "0c" * 32,
            "sig": base64.b64encode(b"u" * 64).decode(),
            "delegation": {
                "payloadType": DELEGATION_TYPE,
                "payload": "e30=",
                "signatures": [{"keyid": "0a" * 32, "sig": "YWE="}],
            },
        },
    ],
}


def parse(value):
    return parse_envelope(json.dumps(value).encode())


def test_an_envelope_is_read_whole():
    envelope = parse(PLAIN)

    assert envelope.payload == b'{"v":1}'
    assert [each.keyid[:2] for each in envelope.signatures] == ["0a", "0b", "0c"]
    assert envelope.signatures[1].webauthn.client_data_json == b"{}"
    assert envelope.signatures[2].delegation.signatures[0].sig == b"aa"
    assert parse_envelope(envelope_bytes(envelope)) == envelope


def test_its_name_is_the_hash_of_what_was_signed_and_not_of_signatures():
    envelope = parse(PLAIN)
    other = copy.deepcopy(PLAIN)
    other["signatures"] = other["signatures"][:1]
    covered = b'DSSEv1 45 application/vnd.pharmatrace.statement.v1+json 7 {"v":1}'

    assert envelope.pae == covered
    assert statement_id(envelope) == hashlib.sha256(covered).hexdigest()
    assert statement_id(parse(other)) == statement_id(envelope)
    assert envelope_digest(parse(other)) != envelope_digest(envelope)


def test_white_space_and_order_of_names_do_not_change_the_digest():
    spaced = json.dumps(dict(reversed(PLAIN.items())), indent=2).encode()

    assert envelope_digest(parse_envelope(spaced)) == envelope_digest(parse(PLAIN))
    assert (
        envelope_digest(parse(PLAIN))
        == hashlib.sha256(
            json.dumps(PLAIN, sort_keys=True, separators=(",", ":")).encode()
        ).digest()
    )


def change(path, value):
    changed = copy.deepcopy(PLAIN)
    place = changed
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


FIRST = ("signatures", 0)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("payloadType",), ..., "missing_field"),
        (("payload",), ..., "missing_field"),
        (("signatures",), ..., "missing_field"),
        (("signatures",), [], "bad_length"),
        (("signatures",), {}, "wrong_type"),
        (("signatures",), [[]], "wrong_type"),
        (("signatures",), [PLAIN["signatures"][0]] * 2, "not_sorted"),
        (("signatures",), PLAIN["signatures"][1::-1], "not_sorted"),
        (("signatures",), [PLAIN["signatures"][0]] * 17, "bad_length"),
        (("payloadType",), 1, "wrong_type"),
        (("payloadType",), "", "bad_length"),
        (("payloadType",), "a\nb", "forbidden_character"),
        (("payload",), "", "bad_length"),
        (("payload",), "e30", "bad_base64"),
        (("payload",), "e31=", "bad_base64"),
        (("payload",), "e3 0=", "bad_base64"),
        (("payload",), "e30=\n", "bad_base64"),
        (("payload",), "-_8=", "bad_base64"),
        (("payload",), "é", "bad_base64"),
        (("extra",), 1, "unknown_field"),
        ((*FIRST, "alg"), "none", "unknown_field"),
        ((*FIRST, "sig"), ..., "missing_field"),
        ((*FIRST, "keyid"), ..., "missing_field"),
        ((*FIRST, "keyid"), "", "bad_hex"),
        ((*FIRST, "keyid"), "0A" * 32, "bad_hex"),
        ((*FIRST, "keyid"), "0a" * 33, "bad_hex"),
        ((*FIRST, "sig"), "", "bad_length"),
        ((*FIRST, "sig"), base64.b64encode(b"s" * 129).decode(), "bad_length"),
        ((*FIRST, "webauthn"), None, "wrong_type"),
        ((*FIRST, "webauthn"), {}, "missing_field"),
        (("signatures", 1, "webauthn", "userHandle"), "", "unknown_field"),
        ((*FIRST, "delegation"), {}, "missing_field"),
        (
            ("signatures", 2, "delegation", "payloadType"),
            STATEMENT_TYPE,
            "wrong_payload_type",
        ),
        (
            ("signatures", 2, "delegation", "signatures", 0, "delegation"),
            PLAIN["signatures"][2]["delegation"],
            "unknown_field",
        ),
    ],
)
def test_an_envelope_of_another_form_is_refused(path, value, code):
    with pytest.raises(MalformedInput) as caught:
        parse(change(path, value))

    assert caught.value.code == code


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'"x"', b"1", b"[" * 9999])
def test_what_is_not_an_object_is_refused(data):
    with pytest.raises(MalformedInput):
        parse_envelope(data)


def test_an_envelope_without_signature_is_not_built():
    with pytest.raises(MalformedInput):
        build_envelope(payload_type="x", payload=b"x", signatures=[])


@given(st.binary(max_size=100))
def test_any_bytes_give_an_envelope_or_malformed_input(data):
    with pytest.raises(MalformedInput):
        parse_envelope(data)


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1),
    st.binary(min_size=1),
    st.dictionaries(
        st.binary(min_size=32, max_size=32),
        st.binary(min_size=1, max_size=128),
        min_size=1,
        max_size=16,
    ),
)
def test_what_is_built_reads_back(payload_type, payload, signatures):
    built = build_envelope(
        payload_type=payload_type[:100],
        payload=payload,
        signatures=[Signature(key.hex(), sig) for key, sig in signatures.items()],
    )

    assert parse_envelope(envelope_bytes(built)) == built

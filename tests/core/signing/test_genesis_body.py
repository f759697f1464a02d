"""Leaf 0 cannot be mended later: what makes no sense together is refused."""

import base64

import pytest

from apps.core.bodies import parse_body
from apps.core.errors import MalformedInput
from tests.core.log.log_cast import signed_note
from tests.core.signing.bodies_cast import (
    ADMIN,
    AUTHORITY,
    BODIES,
    OTHER_VKEY,
    P256,
    PQ_VKEY,
    VKEY,
    WITNESS_VKEY,
    scope,
)

GENESIS = {
    **BODIES["genesis"],
    "receipt_keys": [{"spki_b64": ADMIN["spki_b64"], "alg": "ed25519"}],
}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("law_version", 2, "out_of_range"),
        ("map_version", 2, "out_of_range"),
        ("authorities", [AUTHORITY] * 2, "not_sorted"),
        (
            "authorities",
            [{**AUTHORITY, "role": "brand_authority"}],
            "no_regulator",
        ),
        ("authorities", [AUTHORITY] * 16, "bad_length"),
        (
            "receipt_keys",
            [{"spki_b64": P256, "alg": "webauthn-es256"}],
            "unfit_key_type",
        ),
        ("log_vkeys", [OTHER_VKEY], "unfit_key_type"),
        ("log_vkeys", [WITNESS_VKEY], "unfit_key_type"),
        ("log_vkeys", [PQ_VKEY], "unfit_key_type"),
        ("log_vkeys", [VKEY, WITNESS_VKEY], "unfit_key_type"),
        ("previous_checkpoint", "AAAA", "control_character"),
        ("webauthn", scope("Trace.example"), "bad_text"),
        ("webauthn", scope("evil com"), "bad_text"),
        ("webauthn", scope("trace.example", "not an origin/"), "bad_origin"),
        (
            "webauthn",
            scope("trace.example", "http://trace.example"),
            "bad_origin",
        ),
        (
            "webauthn",
            scope("trace.example", "https://xtrace.example"),
            "bad_origin",
        ),
        (
            "webauthn",
            scope("trace.example", "https://trace.example/"),
            "bad_origin",
        ),
    ],
)
def test_a_genesis_that_makes_no_sense_is_refused(name, value, code):
    with pytest.raises(MalformedInput) as caught:
        parse_body("genesis", {**GENESIS, name: value})

    assert caught.value.code == code


def test_a_genesis_may_have_two_log_keys_a_local_site_and_a_predecessor():
    note = signed_note().format()
    genesis = {
        **GENESIS,
        "previous_checkpoint": base64.b64encode(note).decode(),
        "log_vkeys": [VKEY, PQ_VKEY],
        "webauthn": scope("localhost", "http://localhost:8000"),
    }
    read = parse_body("genesis", genesis)
    assert read.previous_checkpoint == note
    assert read.to_json() == genesis

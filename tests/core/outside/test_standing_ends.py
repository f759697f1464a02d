"""Keys that end, are said again, and voices that are lent: judged outside as at the door."""

from dataclasses import replace

import pytest

from apps.core.bodies import KeyReattest, KeyRevoke
from apps.core.delegation import Delegation, build_delegation
from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    pae,
    statement_id,
)
from apps.core.errors import UntrustedSignature
from apps.core.keyring import build_keyring
from apps.core.signing import public_key_of, sign, sign_envelope
from apps.core.statement import build_statement
from apps.core.subjects import Reference
from tests.core.outside import small_ledger as cast
from tests.core.outside.standing import (
    judge,
    refusal,
    signed,
)


def revocation(by, signer):
    body = KeyRevoke(public_key_of(cast.key("nils")).keyid, "lost").to_json()
    return cast.statement("key.revoke", by, signer, [cast.of_key("nils")], body)


@pytest.mark.parametrize(
    ("statement", "signers", "code"),
    [
        (revocation(cast.NOVAMED, "nils"), ("nils",), ""),
        (revocation(cast.NOVAMED, "nora"), ("nora",), ""),
        (revocation(cast.REGULATOR, "regulator"), ("regulator", "operator"), ""),
        (revocation(cast.REGULATOR, "regulator"), ("regulator",), "not_of_party"),
        (revocation(cast.OPERATOR, "operator"), ("operator",), "not_of_party"),
    ],
)
def test_a_key_is_revoked_by_its_party_or_by_both_offices(statement, signers, code):
    said = signed(statement, *signers)

    if code:
        assert refusal(said) == code
    else:
        judge(said)


def reattestation(by, signer):
    body = KeyReattest(public_key_of(cast.key("nils")).keyid).to_json()
    made = cast.statement("key.reattest", by, signer, [cast.party(by)], body)
    return replace(made, parents=(Reference("4e" * 32),))


@pytest.mark.parametrize(
    ("statement", "signers", "code"),
    [
        (reattestation(cast.NOVAMED, "nora"), ("nora",), ""),
        # The key's party answers for what it signed, and nobody in its place.
        (reattestation(cast.REGULATOR, "regulator"), ("regulator",), "not_of_party"),
        (
            reattestation(cast.REGULATOR, "regulator"),
            ("regulator", "operator"),
            "not_of_party",
        ),
        (reattestation(cast.NOVAMED, "nora"), ("regulator",), "not_of_party"),
    ],
)
def test_what_a_suspect_key_signed_is_said_again_by_its_party(statement, signers, code):
    said = signed(statement, *signers)

    if code:
        assert refusal(said) == code
    else:
        judge(said)


def test_a_lent_voice_reattests_nothing():
    assert refusal(lent(reattestation(cast.NOVAMED, "nils"))) == "delegation_too_weak"


def lent(statement, **changes):
    """`statement` under the voice that Nils lent to a device."""
    device = cast.key("device")
    terms = Delegation(
        ledger=cast.ORIGIN,
        by=cast.NOVAMED,
        signer="id-of-nils",
        role="signer",
        site=cast.PLANT,
        key=public_key_of(device),
        from_ms=cast.AT,
        to_ms=cast.AT + 3_600_000,
    )
    delegation = sign_envelope(
        payload_type=DELEGATION_TYPE,
        payload=build_delegation(replace(terms, **changes)),
        private_keys=[cast.key("nils")],
    )
    payload = build_statement(statement)
    signature = Signature(
        public_key_of(device).keyid,
        sign(device, pae(STATEMENT_TYPE, payload)),
        delegation=delegation,
    )
    return build_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, signatures=[signature]
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ""),
        ({"ledger": "other.example/log"}, "delegation_mismatch"),
        ({"by": cast.REGULATOR}, "delegation_mismatch"),
        ({"signer": "id-of-nora"}, "delegation_mismatch"),
        ({"role": "member"}, "delegation_too_weak"),
        ({"site": "9521568000017"}, "delegation_elsewhere"),
    ],
)
def test_a_voice_is_lent_for_one_ledger_party_person_and_place(changes, code):
    said = lent(cast.commission(), **changes)

    if code:
        assert refusal(said) == code
    else:
        judge(said)


def test_a_lent_voice_revokes_no_key():
    said = lent(revocation(cast.NOVAMED, "nils"))

    assert refusal(said) == "delegation_too_weak"


def test_a_genesis_wants_every_party():
    alone = signed(cast.genesis(), "operator")

    with pytest.raises(UntrustedSignature, match="signature missing"):
        build_keyring([alone], genesis_id=statement_id(alone))

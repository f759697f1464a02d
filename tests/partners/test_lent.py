from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.delegation import Delegation, build_delegation
from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    pae,
)
from apps.core.errors import UntrustedSignature
from apps.core.signing import public_key_of, sign, sign_envelope
from apps.core.statement import parse_statement
from apps.ledger.formats import as_ms
from apps.ledger.operations import Submission
from apps.partners import operations
from pharmatrace.demo.cast import Player
from tests.cast import NOVAMED, TRANSPHARM, Stage
from tests.partners.helpers import draft_bytes

PRODUCT = {
    "kind": "product.register",
    "gtin": "09521568452106",
    "name": "Respira",
    "pack_size": "200 doses",
}

CASE = {
    "kind": "event",
    "step": "new_container",
    "site": NOVAMED.sites[0].gln,
    "container": "(00)095215680000000017",
}


def test_a_lent_voice_speaks_of_goods(stage: Stage) -> None:
    device = Ed25519PrivateKey.generate()

    spoken = operations.authenticate(submission=_lent(stage, device))

    assert [each.gln for each in spoken] == [NOVAMED.gln]


def test_a_lent_voice_ends_with_its_shift(stage: Stage) -> None:
    submission = _lent(stage, Ed25519PrivateKey.generate(), hours=1)
    late = Submission(
        envelope=submission.envelope,
        statement=submission.statement,
        lines=None,
        at_ms=submission.at_ms + 3_700_000,
    )

    with pytest.raises(UntrustedSignature) as refused:
        operations.authenticate(submission=late)

    assert refused.value.code == "delegation_out_of_time"


def test_a_lent_voice_does_not_register_products(stage: Stage) -> None:
    submission = _lent(stage, Ed25519PrivateKey.generate(), wish=PRODUCT)

    with pytest.raises(UntrustedSignature) as refused:
        operations.authenticate(submission=submission)

    assert refused.value.code == "delegation_too_weak"


def test_a_lent_voice_speaks_at_its_site_alone(stage: Stage) -> None:
    wish = CASE | {"site": NOVAMED.sites[1].gln}
    submission = _lent(stage, Ed25519PrivateKey.generate(), wish=wish)

    with pytest.raises(UntrustedSignature) as refused:
        operations.authenticate(submission=submission)

    assert refused.value.code == "delegation_elsewhere"


def test_a_voice_that_was_lent_to_read_does_not_sign(stage: Stage) -> None:
    submission = _lent(stage, Ed25519PrivateKey.generate(), role="member")

    with pytest.raises(UntrustedSignature) as refused:
        operations.authenticate(submission=submission)

    assert (refused.value.code, refused.value.field) == ("delegation_too_weak", "role")


def test_nobody_lends_the_voice_of_another_party(stage: Stage) -> None:
    submission = _lent(stage, Ed25519PrivateKey.generate(), lender=TRANSPHARM)

    with pytest.raises(UntrustedSignature) as refused:
        operations.authenticate(submission=submission)

    assert refused.value.code == "delegation_mismatch"


def test_a_signature_without_its_delegation_is_of_an_unknown_key(stage: Stage) -> None:
    submission = _lent(stage, Ed25519PrivateKey.generate(), is_sent=False)

    with pytest.raises(UntrustedSignature) as refused:
        operations.authenticate(submission=submission)

    assert refused.value.code == "unknown_key"


def _lent(
    stage: Stage,
    device: Ed25519PrivateKey,
    *,
    wish: dict[str, object] = CASE,
    lender: Player = NOVAMED,
    hours: int = 8,
    is_sent: bool = True,
    role: str = "signer",
) -> Submission:
    payload = draft_bytes(stage, NOVAMED, wish)
    statement = parse_statement(payload)
    delegation = Delegation(
        ledger=statement.ledger,
        by=NOVAMED.gln,
        signer=NOVAMED.admin.signer,
        role=role,
        site=NOVAMED.sites[0].gln,
        key=public_key_of(device),
        from_ms=as_ms(stage.at),
        to_ms=as_ms(stage.at + timedelta(hours=hours)),
    )
    note = sign_envelope(
        payload_type=DELEGATION_TYPE,
        payload=build_delegation(delegation),
        private_keys=[stage.keyring.key_of(lender)],
    )
    signature = Signature(
        public_key_of(device).keyid,
        sign(device, pae(STATEMENT_TYPE, payload)),
        delegation=note if is_sent else None,
    )
    envelope = build_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, signatures=[signature]
    )
    return Submission(envelope, statement, None, as_ms(stage.tick()))

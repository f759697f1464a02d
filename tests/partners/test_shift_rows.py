"""What the site takes note of when a shift begins, and what it refuses."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Envelope,
    build_envelope,
    envelope_bytes,
)
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.keys import load_public_key
from apps.core.signing import public_key_of
from apps.core.strict import format_base64
from apps.partners import operations, queries
from apps.partners.models import Shift
from tests.cast import NOVAMED, STELLA, TRANSPHARM, Stage
from tests.partners.helpers import refusal
from tests.partners.lending import (
    FIVE_MINUTES_MS,
    delegation_to,
    device_key,
    enrol_passkey,
    lend,
)
from tests.partners.passkeys import Passkey

NILS = NOVAMED.people[1]
PLANT, DEPOT = (site.gln for site in NOVAMED.sites)


@pytest.fixture
def passkey(stage: Stage) -> Passkey:
    return enrol_passkey(stage, NOVAMED)


def begin(stage: Stage, envelope: Envelope, **who: Any) -> Shift:
    return operations.begin_shift(
        actor=stage.actor(NOVAMED, **who),
        envelope=envelope_bytes(envelope),
        at=stage.tick(),
    )


# What the site takes note of.


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"by": TRANSPHARM.gln}, "by"),
        ({"signer": NILS.signer}, "signer"),
        ({"role": "member"}, "role"),
        ({"ledger": "other.example/log"}, "ledger"),
        ({"site": TRANSPHARM.sites[0].gln}, "site"),
    ],
)
def test_a_shift_of_somebody_else_or_elsewhere_is_not_begun(
    stage: Stage, passkey: Passkey, changes: dict[str, str], field: str
) -> None:
    _device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED, **changes))

    with pytest.raises(MalformedInput) as refused:
        begin(stage, lent)

    assert refused.value.field == field
    assert not Shift.objects.exists()


def test_a_shift_begins_under_an_enrolled_key_of_the_person(
    stage: Stage, passkey: Passkey
) -> None:
    stage.enrol(NOVAMED, NILS)
    _device, public = device_key()
    delegation = delegation_to(public, stage, NOVAMED)
    stranger = Passkey(queries.get_genesis().webauthn)

    for lender in (
        stranger,
        stage.keyring.key_of(NOVAMED, NILS),
        stage.keyring.key_of(STELLA),
    ):
        with refusal("unknown_key"):
            begin(stage, lend(lender, delegation))
    revoke = {"kind": "key.revoke", "keyid": passkey.public.keyid, "reason": "lost"}
    stage.act(NOVAMED, revoke)
    with refusal("unknown_key"):
        begin(stage, lend(passkey, delegation))
    assert not Shift.objects.exists()


def test_a_shift_that_is_over_or_far_off_is_not_begun(
    stage: Stage, passkey: Passkey
) -> None:
    _device, public = device_key()
    delegation = delegation_to(public, stage, NOVAMED)
    far = replace(
        delegation,
        from_ms=delegation.from_ms + FIVE_MINUTES_MS * 2,
        to_ms=delegation.to_ms + FIVE_MINUTES_MS * 2,
    )

    with refusal("delegation_out_of_time"):
        begin(stage, lend(passkey, far))
    stage.tick(timedelta(hours=9))
    with refusal("delegation_out_of_time"):
        begin(stage, lend(passkey, delegation))
    assert not Shift.objects.exists()


def test_a_device_key_is_made_for_one_shift(stage: Stage, passkey: Passkey) -> None:
    _device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    begin(stage, lent)
    own = public_key_of(stage.keyring.key_of(NOVAMED))

    with refusal("key_known", LedgerConflict):
        begin(stage, lent)
    with refusal("key_known", LedgerConflict):
        begin(stage, lend(passkey, delegation_to(own, stage, NOVAMED)))
    assert Shift.objects.count() == 1


def test_what_is_no_delegation_begins_no_shift(stage: Stage, passkey: Passkey) -> None:
    _device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    admin = stage.keyring.key_of(NOVAMED)
    both = build_envelope(
        payload_type=DELEGATION_TYPE,
        payload=lent.payload,
        signatures=[
            *lent.signatures,
            *lend(admin, delegation_to(public, stage, NOVAMED)).signatures,
        ],
    )
    as_statement = replace(lent, payload_type=STATEMENT_TYPE)

    for envelope, code in ((both, "bad_length"), (as_statement, "wrong_payload_type")):
        with refusal(code, MalformedInput):
            begin(stage, envelope)
    assert not Shift.objects.exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"hours": 0}, "out_of_range"),
        ({"hours": 13}, "out_of_range"),
        ({"hours": "8"}, "wrong_type"),
        ({"site": STELLA.sites[0].gln}, "site_unknown"),
        ({"site": "1"}, "bad_length"),
        ({"spki_b64": "AAAA"}, "bad_key"),
        ({"note": "x"}, "unknown_field"),
    ],
)
def test_a_wish_for_a_shift_that_cannot_be_is_refused(
    stage: Stage, changes: dict[str, Any], code: str
) -> None:
    _device, public = device_key()
    wish = {
        "spki_b64": format_base64(public.spki),
        "alg": public.alg,
        "site": PLANT,
        "hours": 8,
    } | changes

    with refusal(code, MalformedInput):
        queries.draft_delegation(wish=wish, actor=stage.actor(NOVAMED), at=stage.tick())


def test_a_passkey_is_nobodys_device_key(stage: Stage, passkey: Passkey) -> None:
    wish = {**passkey.wish, "site": PLANT, "hours": 8}

    with refusal("unfit_key_type", MalformedInput):
        queries.draft_delegation(wish=wish, actor=stage.actor(NOVAMED), at=stage.tick())


def test_colleagues_end_their_own_shifts_and_an_admin_all(
    stage: Stage, passkey: Passkey
) -> None:
    _device, public = device_key()
    shift = begin(stage, lend(passkey, delegation_to(public, stage, NOVAMED)))
    nils = stage.actor(NOVAMED, NILS)
    stella = stage.actor(STELLA)

    for actor in (nils, stella):
        assert queries.list_running_shifts(actor=actor, at=stage.at) == []
        assert not operations.end_shift(actor=actor, shift_id=shift.pk, at=stage.tick())
    (row,) = queries.list_running_shifts(actor=stage.actor(NOVAMED), at=stage.at)

    assert (row.person, row.site) == ("Nora Vogt", "Novamed plant Freiburg")
    assert load_public_key(spki=public.spki, alg=public.alg).keyid == (
        row.shift.device_keyid
    )

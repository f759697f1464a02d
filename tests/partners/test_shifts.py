"""A shift: one signature of a passkey, then a device key speaks until it ends."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.core.envelope import (
    DELEGATION_TYPE,
    Envelope,
    envelope_bytes,
)
from apps.core.errors import MalformedInput
from apps.core.signing import public_key_of
from apps.core.statement import Reference, Subject
from apps.core.strict import format_base64
from apps.custody.models import Container
from apps.exchange import queries as drafts
from apps.ledger import queries as ledger
from apps.partners import operations, queries
from apps.partners.models import LentVoice, Shift
from pharmatrace.fsck import check_statements
from tests.cast import NOVAMED, Stage
from tests.partners.helpers import altered, draft_bytes, refusal, rows
from tests.partners.lending import (
    delegation_to,
    device_key,
    enrol_passkey,
    lend,
    say,
    say_with,
)
from tests.partners.passkeys import Passkey

NILS = NOVAMED.people[1]
PLANT, DEPOT = (site.gln for site in NOVAMED.sites)


def case(number: int, site: str = PLANT) -> dict[str, object]:
    return {
        "kind": "event",
        "step": "new_container",
        "site": site,
        "container": f"(00)09521568000000{number:03}{_CHECK[number]}",
    }


_CHECK = {1: "7", 2: "4", 3: "1"}


@pytest.fixture
def passkey(stage: Stage) -> Passkey:
    return enrol_passkey(stage, NOVAMED)


def begin(stage: Stage, envelope: Envelope, **who: Any) -> Shift:
    return operations.begin_shift(
        actor=stage.actor(NOVAMED, **who),
        envelope=envelope_bytes(envelope),
        at=stage.tick(),
    )


def test_one_signature_of_a_passkey_lends_its_voice_for_the_shift(
    stage: Stage, passkey: Passkey
) -> None:
    device, public = device_key()
    draft = queries.draft_delegation(
        wish={
            "spki_b64": format_base64(public.spki),
            "alg": public.alg,
            "site": PLANT,
            "hours": 8,
        },
        actor=stage.actor(NOVAMED),
        at=stage.tick(),
    )
    lent = passkey.sign_envelope(DELEGATION_TYPE, draft.payload)
    shift = begin(stage, lent)

    first = say(stage, NOVAMED, case(1), device, lent)
    say(stage, NOVAMED, case(2), device, lent)

    assert "For 8 hours" in draft.words
    assert "Nora Vogt at Novamed plant Freiburg" in draft.words
    assert (shift.site, shift.to_ms - shift.from_ms) == (PLANT, 8 * 3_600_000)
    assert Container.objects.filter(holder=NOVAMED.gln).count() == 2
    voice = LentVoice.objects.get()
    assert (voice.device_keyid, voice.lender_id, voice.site, voice.seen_in) == (
        public.keyid,
        passkey.public.keyid,
        PLANT,
        first.statement_id,
    )
    assert ledger.keyids_of(first.statement_id) == (public.keyid,)
    assert list(check_statements(at=stage.at)) == []


def test_a_shift_need_not_be_told_to_the_site(stage: Stage, passkey: Passkey) -> None:
    """What counts is what the passkey signed."""
    device, public = device_key()

    say(
        stage,
        NOVAMED,
        case(1),
        device,
        lend(passkey, delegation_to(public, stage, NOVAMED)),
    )

    assert not Shift.objects.exists()
    assert LentVoice.objects.get().device_keyid == public.keyid


def test_who_ends_a_shift_ends_its_device_key(stage: Stage, passkey: Passkey) -> None:
    device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    shift = begin(stage, lent)
    say(stage, NOVAMED, case(1), device, lent)

    ended = operations.end_shift(
        actor=stage.actor(NOVAMED), shift_id=shift.pk, at=stage.tick()
    )
    before = rows()

    assert ended
    with refusal("shift_ended"):
        say(stage, NOVAMED, case(2), device, lent)
    assert rows() == before
    # What it said stays, and a replay does not know of the site's own rows.
    assert list(check_statements(at=stage.at)) == []
    assert not operations.end_shift(
        actor=stage.actor(NOVAMED), shift_id=shift.pk, at=stage.tick()
    )


def test_a_shift_ends_by_itself(stage: Stage, passkey: Passkey) -> None:
    device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    payload = draft_bytes(stage, NOVAMED, case(1))
    stage.tick(timedelta(hours=8))
    before = rows()

    with refusal("delegation_out_of_time"):
        stage.send(say_with(device, lent, payload))
    assert rows() == before


def test_revoking_the_passkey_ends_the_shift(stage: Stage, passkey: Passkey) -> None:
    device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    begin(stage, lent)
    say(stage, NOVAMED, case(1), device, lent)
    revoke = {"kind": "key.revoke", "keyid": passkey.public.keyid, "reason": "lost"}
    stage.act(NOVAMED, revoke)
    before = rows()

    with refusal("revoked_key"):
        say(stage, NOVAMED, case(2), device, lent)

    assert rows() == before
    actor = stage.actor(NOVAMED)
    assert queries.list_running_shifts(actor=actor, at=stage.at) == []


def test_a_device_key_is_refused_at_another_site(
    stage: Stage, passkey: Passkey
) -> None:
    device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    before = rows()

    with refusal("delegation_elsewhere"):
        say(stage, NOVAMED, case(1, site=DEPOT), device, lent)

    assert rows() == before


def test_one_line_at_another_site_spoils_a_file(stage: Stage, passkey: Passkey) -> None:
    device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    lines = [case(1), case(2, site=DEPOT)]
    wish = {
        "kind": "events",
        "events": [{k: v for k, v in line.items() if k != "kind"} for line in lines],
    }
    draft = drafts.draft(wish=wish, actor=stage.actor(NOVAMED), at=stage.tick())
    before = rows()

    with refusal("delegation_elsewhere"):
        stage.send(say_with(device, lent, draft.payload), draft.lines)

    assert rows() == before


@pytest.mark.parametrize("kind", ["key.enrol", "key.revoke", "key.reattest"])
def test_a_device_key_administers_no_keys(
    stage: Stage, passkey: Passkey, kind: str
) -> None:
    device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    _new, fresh = device_key()
    admin = public_key_of(stage.keyring.key_of(NOVAMED)).keyid
    payload = draft_bytes(
        stage,
        NOVAMED,
        {"kind": "key.revoke", "keyid": admin, "reason": "lost"}
        if kind != "key.enrol"
        else {
            "kind": "key.enrol",
            "spki_b64": format_base64(fresh.spki),
            "alg": fresh.alg,
        },
    )
    if kind == "key.reattest":
        payload = _reattest(stage, payload, admin)
    before = rows()

    with refusal("delegation_too_weak"):
        stage.send(say_with(device, lent, payload))
    assert rows() == before


def _reattest(stage: Stage, payload: bytes, keyid: str) -> bytes:
    tag = bytes(queries.get_partner(NOVAMED.gln).tag)
    return altered(
        payload,
        kind="key.reattest",
        body={"keyid": keyid},
        subjects=(Subject(tag),),
        parents=(Reference("4e" * 32),),
    )


def test_a_device_key_speaks_for_nobody_else(stage: Stage, passkey: Passkey) -> None:
    """The statement names Nils; the passkey that lent its voice is Nora's."""
    stage.enrol(NOVAMED, NILS)
    device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    for_nils = lend(passkey, delegation_to(public, stage, NOVAMED, signer=NILS.signer))
    actor = stage.actor(NOVAMED, NILS)
    payload = drafts.draft(wish=case(1), actor=actor, at=stage.tick()).payload
    before = rows()

    with refusal("not_the_signer"):
        stage.send(say_with(device, lent, payload))
    with refusal("delegation_mismatch"):
        stage.send(say_with(device, for_nils, payload))
    assert rows() == before


def test_another_device_key_does_not_borrow_the_voice(
    stage: Stage, passkey: Passkey
) -> None:
    thief, _own = device_key()
    _device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))

    with refusal("wrong_key"):
        say(stage, NOVAMED, case(1), thief, lent)


def test_a_lent_voice_is_not_lent_on(stage: Stage, passkey: Passkey) -> None:
    device, public = device_key()
    _second, further = device_key()
    first = lend(passkey, delegation_to(public, stage, NOVAMED))
    onward = lend(device, delegation_to(further, stage, NOVAMED))
    nested = replace(
        onward, signatures=(replace(onward.signatures[0], delegation=first),)
    )

    with pytest.raises(MalformedInput):
        say(stage, NOVAMED, case(1), _second, nested)
    with refusal("unknown_key"):
        say(stage, NOVAMED, case(1), _second, onward)

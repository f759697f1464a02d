"""A party without a key of its own is helped by both offices; and the page of proposals."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from apps.core.envelope import parse_envelope
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.signing import public_key_of
from apps.partners import operations, queries
from apps.partners.models import (
    KeyRequest,
    Proposal,
    SigningKey,
)
from apps.partners.operations import Asked
from pharmatrace.demo.signing import sign_statement
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, Stage
from tests.partners.helpers import (
    add,
    draft_bytes,
    envelope_of,
    named_key,
    payload_of,
    propose_licence,
    refusal,
    row_of,
)

# A party without an administrator's key is helped by both offices.


def ask(stage: Stage, key: Ed25519PrivateKey) -> KeyRequest:
    payload = draft_bytes(stage, STELLA, {"kind": "key.enrol", **named_key(key)})
    return operations.request_key(
        actor=stage.actor(STELLA),
        envelope=sign_statement(payload, key),
        asked=Asked(label="Counter 1"),
        at=stage.tick(),
    )


def test_both_offices_enrol_a_key_for_a_party_that_lost_its_own(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    request = ask(stage, key)
    proposal = operations.ask_offices(
        actor=stage.actor(STELLA), request_id=request.pk, at=stage.tick()
    )
    first = row_of(stage, REGULATOR)
    assert first.words.endswith("speaks for Stella Marin of Stella Pharmacy, as admin.")
    assert first.waits_for == ["Medicines Authority", "PharmaTrace Operations"]
    assert (first.may_sign, first.is_last) == (True, False)
    (own,) = queries.list_requests(actor=stage.actor(STELLA))
    assert own.is_with_offices
    (seen,) = queries.list_proposals(actor=stage.actor(STELLA))
    assert (seen.may_sign, seen.may_withdraw) == (False, True)

    add(stage, proposal, REGULATOR, stage.keyring.key_of(REGULATOR))
    assert row_of(stage, OPERATOR).is_last
    proposal.refresh_from_db()
    signed = parse_envelope(bytes(proposal.envelope))
    keys = [key, *(stage.keyring.key_of(each) for each in (REGULATOR, OPERATOR))]
    stage.send(envelope_of(signed.payload, keys))

    row = SigningKey.objects.get(keyid=public_key_of(key).keyid)
    assert (row.partner.gln, row.role) == (STELLA.gln, "admin")
    proposal.refresh_from_db()
    request.refresh_from_db()
    assert proposal.outcome == "recorded"
    assert request.closed_at == proposal.closed_at


def test_only_an_admins_own_request_goes_to_the_offices(stage: Stage) -> None:
    request = ask(stage, Ed25519PrivateKey.generate())

    for actor in (
        stage.actor(NOVAMED),
        stage.actor(REGULATOR),
        stage.actor(STELLA, STELLA.people[1]),
    ):
        with refusal("unknown_request", MalformedInput):
            operations.ask_offices(actor=actor, request_id=request.pk, at=stage.tick())
    operations.ask_offices(
        actor=stage.actor(STELLA), request_id=request.pk, at=stage.tick()
    )
    with refusal("proposal_known", LedgerConflict):
        operations.ask_offices(
            actor=stage.actor(STELLA), request_id=request.pk, at=stage.tick()
        )
    assert Proposal.objects.count() == 1


def test_an_authority_proposes_the_end_of_a_stolen_key(stage: Stage) -> None:
    key = SigningKey.objects.get(partner__gln=STELLA.gln)
    wish = {
        "kind": "key.revoke",
        "keyid": key.keyid,
        "reason": "stolen",
        "suspect_since": "2027-02-01",
    }
    payload = draft_bytes(stage, REGULATOR, wish)
    proposal = operations.propose(
        actor=stage.actor(REGULATOR),
        envelope=sign_statement(payload, stage.keyring.key_of(REGULATOR)),
        at=stage.tick(),
    )
    row = row_of(stage, OPERATOR)
    assert (row.is_last, row.words) == (
        True,
        f"The key {key.keyid[:16]} of Stella Marin signs nothing more: stolen.",
    )

    keys = [stage.keyring.key_of(player) for player in (REGULATOR, OPERATOR)]
    stage.send(envelope_of(payload, keys))

    key.refresh_from_db()
    proposal.refresh_from_db()
    assert (key.revoked_ms is not None, proposal.outcome) == (True, "recorded")


# The pages.


def test_the_page_of_proposals_says_what_waits_and_how_it_ended(
    stage: Stage, browse: Any
) -> None:
    proposal = propose_licence(stage)

    shown = browse(OPERATOR).get("/partners/proposals").content.decode()
    assert "Waits for" in shown
    assert "Sign this too, and record it" in shown
    assert "Withdraw" not in shown
    regulator = browse(REGULATOR)
    withdrawn = regulator.post(f"/partners/proposals/{proposal.pk}/withdraw")
    shown = regulator.get("/partners/proposals").content.decode()

    assert (withdrawn.status_code, withdrawn["Location"]) == (
        302,
        "/partners/proposals",
    )
    assert "withdrawn" in shown
    assert "Nothing waits for a signature" in shown


def test_a_proposal_of_others_is_not_withdrawn_by_its_address(
    stage: Stage, browse: Any
) -> None:
    proposal = propose_licence(stage)

    answer = browse(OPERATOR).post(f"/partners/proposals/{proposal.pk}/withdraw")
    stranger = browse(STELLA).post(f"/partners/proposals/{proposal.pk}/withdraw")

    assert (answer.status_code, stranger.status_code) == (302, 403)
    proposal.refresh_from_db()
    assert proposal.closed_at is None


def test_a_handed_signature_joins_by_the_page(stage: Stage, browse: Any) -> None:
    stage.at = timezone.now()  # the pages read the clock
    request = ask(stage, Ed25519PrivateKey.generate())
    asked = browse(STELLA).post(f"/keys/requests/{request.pk}/help")
    proposal = Proposal.objects.get()
    payload = payload_of(proposal)
    url = f"/partners/proposals/{proposal.pk}/signatures"

    bad = browse(REGULATOR).post(url, {"envelope": "{}"})
    signed = sign_statement(payload, stage.keyring.key_of(REGULATOR))
    good = browse(REGULATOR).post(url, {"envelope": signed.decode()})

    assert (asked.status_code, bad.status_code, good.status_code) == (302, 302, 302)
    proposal.refresh_from_db()
    assert len(parse_envelope(bytes(proposal.envelope)).signatures) == 2

"""Two offices, two persons: what is proposed waits, is signed, withdrawn or expires."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone

from apps.core.envelope import parse_envelope
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import public_key_of
from apps.exchange import queries as drafts
from apps.partners import operations, queries
from apps.partners.models import (
    KeyRequest,
    Licence,
    MemberRole,
    Proposal,
    SigningKey,
)
from apps.partners.operations import Asked
from pharmatrace.demo.cast import Player
from pharmatrace.demo.signing import sign_statement
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, Stage
from tests.partners.helpers import (
    draft_bytes,
    envelope_of,
    named_key,
    propose_licence,
    rows,
)


def refusal(code: str, kind: type[Exception] = UntrustedSignature) -> Any:
    return pytest.raises(kind, check=lambda error: error.code == code)


def row_of(stage: Stage, player: Player) -> Any:
    (row,) = queries.list_proposals(actor=stage.actor(player))
    return row


def payload_of(proposal: Proposal) -> bytes:
    return parse_envelope(bytes(proposal.envelope)).payload


def add(stage: Stage, proposal: Proposal, player: Player, *keys: Any) -> Proposal:
    return operations.add_signature(
        actor=stage.actor(player),
        proposal_id=proposal.pk,
        envelope=envelope_of(payload_of(proposal), list(keys)),
        at=stage.tick(),
    )


def test_the_list_says_who_signed_and_on_whom_it_waits(stage: Stage) -> None:
    proposal = propose_licence(stage)

    row = row_of(stage, OPERATOR)

    assert row.words == (
        "Medicines Authority licenses Stella Pharmacy as hospital, sites: 1."
    )
    assert row.signed_by == ["Rita Keller for Medicines Authority"]
    assert row.waits_for == ["PharmaTrace Operations"]
    assert row.proposed_by == "Rita Keller"
    assert row.expires_at - row.at < timedelta(hours=24)
    assert (row.may_sign, row.is_last, row.may_withdraw) == (True, True, False)
    own = row_of(stage, REGULATOR)
    assert (own.may_sign, own.is_own, own.may_withdraw) == (False, False, True)
    assert queries.list_proposals(actor=stage.actor(STELLA)) == []
    assert proposal.about == STELLA.gln


def test_it_is_recorded_when_the_operator_signs_too(stage: Stage) -> None:
    proposal = propose_licence(stage)
    keys = [stage.keyring.key_of(player) for player in (REGULATOR, OPERATOR)]

    stage.send(envelope_of(payload_of(proposal), keys))

    proposal.refresh_from_db()
    assert (proposal.closed_at, proposal.outcome) == (stage.at, "recorded")
    assert queries.list_proposals(actor=stage.actor(OPERATOR)) == []
    (closed,) = queries.list_closed_proposals(actor=stage.actor(OPERATOR))
    assert closed == proposal


def test_nobody_signs_for_both_offices(stage: Stage) -> None:
    """Rita has a place, and a key, at the operator too."""
    rita = stage.actor(REGULATOR).user
    operators = queries.get_partner(OPERATOR.gln)
    assert rita is not None
    operations.set_member(partner=operators, user=rita, role=MemberRole.ADMIN)
    second = Ed25519PrivateKey.generate()
    wish = {"kind": "key.enrol", **named_key(second), "signer": rita.signer}
    payload = draft_bytes(stage, OPERATOR, wish)
    stage.send(envelope_of(payload, [second, stage.keyring.key_of(OPERATOR)]))
    proposal = propose_licence(stage)
    before = (rows(), bytes(proposal.envelope))

    as_operator = queries.get_actor(user=rita, chosen_gln=OPERATOR.gln)
    (row,) = queries.list_proposals(actor=as_operator)
    with refusal("same_person"):
        add(stage, proposal, OPERATOR, second)
    with refusal("same_person"):
        both = [stage.keyring.key_of(REGULATOR), second]
        stage.send(envelope_of(payload_of(proposal), both))

    assert (row.may_sign, row.is_own) == (False, True)
    proposal.refresh_from_db()
    assert (rows(), bytes(proposal.envelope)) == before


def test_only_signatures_that_are_waited_for_join(stage: Stage) -> None:
    proposal = propose_licence(stage)
    kept = bytes(proposal.envelope)
    regulators = Ed25519PrivateKey.generate()
    payload = draft_bytes(
        stage, REGULATOR, {"kind": "key.enrol", **named_key(regulators)}
    )
    stage.send(envelope_of(payload, [regulators, stage.keyring.key_of(REGULATOR)]))

    for key, code in (
        (stage.keyring.key_of(STELLA), "not_waited_for"),
        (regulators, "not_waited_for"),  # that office has signed
        (Ed25519PrivateKey.generate(), "unknown_key"),
    ):
        with refusal(code):
            add(stage, proposal, OPERATOR, key)
    proposal.refresh_from_db()
    assert bytes(proposal.envelope) == kept


def test_a_signature_over_other_bytes_joins_nothing(stage: Stage) -> None:
    proposal = propose_licence(stage)
    other = draft_bytes(
        stage, NOVAMED, {"kind": "key.enrol", **named_key(Ed25519PrivateKey.generate())}
    )

    with refusal("wrong_payload", MalformedInput):
        operations.add_signature(
            actor=stage.actor(OPERATOR),
            proposal_id=proposal.pk,
            envelope=sign_statement(other, stage.keyring.key_of(OPERATOR)),
            at=stage.tick(),
        )


def test_who_proposed_withdraws_and_then_the_door_refuses(stage: Stage) -> None:
    proposal = propose_licence(stage)
    keys = [stage.keyring.key_of(player) for player in (REGULATOR, OPERATOR)]
    envelope = envelope_of(payload_of(proposal), keys)

    operations.withdraw_proposal(
        actor=stage.actor(REGULATOR), proposal_id=proposal.pk, at=stage.tick()
    )
    before = rows()

    with refusal("proposal_withdrawn", LedgerConflict):
        stage.send(envelope)
    with refusal("unknown_proposal", MalformedInput):
        add(stage, proposal, OPERATOR, stage.keyring.key_of(OPERATOR))
    assert rows() == before
    (closed,) = queries.list_closed_proposals(actor=stage.actor(OPERATOR))
    assert closed.outcome == "withdrawn"


@pytest.mark.parametrize("player", [OPERATOR, STELLA, NOVAMED])
def test_nobody_else_withdraws(stage: Stage, player: Player) -> None:
    proposal = propose_licence(stage)

    with refusal("unknown_proposal", MalformedInput):
        operations.withdraw_proposal(
            actor=stage.actor(player), proposal_id=proposal.pk, at=stage.tick()
        )

    proposal.refresh_from_db()
    assert (proposal.closed_at, proposal.outcome) == (None, "")


def test_what_was_recorded_is_not_withdrawn(stage: Stage) -> None:
    proposal = propose_licence(stage)
    keys = [stage.keyring.key_of(player) for player in (REGULATOR, OPERATOR)]
    stage.send(envelope_of(payload_of(proposal), keys))

    with refusal("unknown_proposal", MalformedInput):
        operations.withdraw_proposal(
            actor=stage.actor(REGULATOR), proposal_id=proposal.pk, at=stage.tick()
        )

    assert Licence.objects.filter(role="hospital", is_current=True).exists()


def test_an_expired_proposal_takes_no_signature(stage: Stage) -> None:
    proposal = propose_licence(stage)
    stage.tick(timedelta(hours=25))
    before = rows()

    with refusal("statement_expired"):
        add(stage, proposal, OPERATOR, stage.keyring.key_of(OPERATOR))
    with refusal("statement_expired"):
        keys = [stage.keyring.key_of(player) for player in (REGULATOR, OPERATOR)]
        stage.send(envelope_of(payload_of(proposal), keys))

    assert operations.close_expired(at=stage.at) == 1
    proposal.refresh_from_db()
    assert proposal.outcome == "expired"
    assert rows() == before


def test_only_party_statements_are_proposed(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    payload = draft_bytes(stage, NOVAMED, {"kind": "key.enrol", **named_key(key)})

    with refusal("wrong_kind", MalformedInput):
        operations.propose(
            actor=stage.actor(REGULATOR),
            envelope=sign_statement(payload, key),
            at=stage.tick(),
        )


def test_an_office_proposes_only_what_it_signed(stage: Stage) -> None:
    envelope = bytes(propose_licence(stage).envelope)
    Proposal.objects.all().delete()

    with refusal("not_of_party"):
        operations.propose(
            actor=stage.actor(OPERATOR), envelope=envelope, at=stage.tick()
        )


def test_a_new_partners_key_joins_a_proposal(ledger: Stage) -> None:
    wish = {
        "kind": "party.admit",
        "gln": STELLA.gln,
        "name": STELLA.name,
        "country": "DE",
        **named_key(ledger.keyring.key_of(STELLA)),
    }
    actor = ledger.actor(REGULATOR)
    payload = drafts.draft(wish=wish, actor=actor, at=ledger.tick()).payload
    proposal = operations.propose(
        actor=actor,
        envelope=sign_statement(payload, ledger.keyring.key_of(REGULATOR)),
        at=ledger.tick(),
    )
    row = row_of(ledger, OPERATOR)
    assert (row.wants_new_key, row.may_sign, row.is_last) == (True, True, False)

    add(ledger, proposal, REGULATOR, ledger.keyring.key_of(STELLA))

    row = row_of(ledger, OPERATOR)
    assert (row.wants_new_key, row.is_last) == (False, True)
    proposal.refresh_from_db()
    assert len(parse_envelope(bytes(proposal.envelope)).signatures) == 2


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


@pytest.fixture
def browse(stage: Stage) -> Any:
    def as_admin(player: Player) -> Client:
        client = Client()
        client.force_login(stage.actor(player).user)
        return client

    return as_admin


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

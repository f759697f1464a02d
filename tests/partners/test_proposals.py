"""Two offices, two persons: what is proposed waits, is signed, withdrawn or expires."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.envelope import parse_envelope
from apps.core.errors import LedgerConflict, MalformedInput
from apps.exchange import queries as drafts
from apps.partners import operations, queries
from apps.partners.models import (
    Licence,
    MemberRole,
    Proposal,
)
from pharmatrace.demo.cast import Player
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
    rows,
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

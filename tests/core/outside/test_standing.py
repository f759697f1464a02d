"""What the door refuses gives no standing outside either: one judgement for both."""

from dataclasses import replace

import pytest

from apps.core.bodies import KeyEnrol, PartyAdmit
from apps.core.errors import ProofError
from apps.core.keyring import build_keyring
from apps.core.signing import public_key_of
from tests.core.outside import small_ledger as cast
from tests.core.outside.standing import (
    ADMIT,
    ENROL,
    GENESIS,
    GENESIS_ID,
    refusal,
    ring,
    signed,
)

TRANSPHARM = "9524141000008"


def stands(name, *statements):
    return ring(*statements).keys[public_key_of(cast.key(name)).keyid].has_standing


def admission(gln, name, **changes):
    body = PartyAdmit(gln, name, "DE", cast.named(name), cast.of_key(name).tag)
    subjects = [cast.party(gln), cast.of_key(name)]
    made = cast.statement(
        "party.admit", cast.REGULATOR, "regulator", subjects, body.to_json()
    )
    return replace(made, **changes)


def enrolment(
    name, *, party=cast.NOVAMED, signer="nora", role="signer", holder="", **changes
):
    new = public_key_of(cast.key(name))
    tag = cast.of_key(name).tag
    body = KeyEnrol(party, new, f"id-of-{holder or name}", role, tag).to_json()
    subjects = [cast.party(party), cast.of_key(name)]
    return replace(
        cast.statement("key.enrol", party, signer, subjects, body), **changes
    )


@pytest.mark.parametrize(
    ("statement", "signers"),
    [
        # `by` is the operator, or the admitted party itself
        (admission(TRANSPHARM, "tom", by=cast.OPERATOR), ("operator", "tom")),
        (admission(TRANSPHARM, "tom", by=TRANSPHARM), ("operator", "regulator", "tom")),
        # somebody else is said to have signed
        (
            admission(TRANSPHARM, "tom", signer="id-of-mallory"),
            ("regulator", "operator", "tom"),
        ),
        # no possession, no operator, no authority
        (admission(TRANSPHARM, "tom"), ("regulator", "operator")),
        (admission(TRANSPHARM, "tom"), ("regulator", "tom")),
        (admission(TRANSPHARM, "tom"), ("nora", "operator", "tom")),
        # for another ledger
        (
            admission(TRANSPHARM, "tom", ledger="other.example/log"),
            ("regulator", "operator", "tom"),
        ),
    ],
)
def test_an_admission_that_the_door_refuses_gives_no_standing(statement, signers):
    assert not stands("tom", signed(statement, *signers))


def test_an_admission_that_the_door_takes_gives_standing():
    said = signed(admission(TRANSPHARM, "tom"), "regulator", "operator", "tom")

    assert stands("tom", said)


def test_an_office_speaks_by_any_key_of_its_own_that_may_sign():
    second = enrolment("rita", party=cast.REGULATOR, signer="regulator")
    admitted = admission(TRANSPHARM, "tom", signer="id-of-rita")
    said = (
        signed(second, "regulator", "rita"),
        signed(admitted, "rita", "operator", "tom"),
    )

    assert stands("tom", *said)


def test_one_person_with_a_key_in_both_offices_admits_nobody():
    """Nobody approves what they proposed, whichever hat they wear."""
    second = enrolment(
        "double", party=cast.OPERATOR, signer="operator", holder="regulator"
    )
    both = signed(second, "operator", "double")
    alone = signed(admission(TRANSPHARM, "tom"), "regulator", "double", "tom")
    with_otto = signed(
        admission(TRANSPHARM, "tom"), "regulator", "double", "operator", "tom"
    )

    assert not stands("tom", both, alone)
    assert stands("tom", both, with_otto)


def test_one_person_with_a_key_in_both_offices_helps_nobody():
    second = enrolment(
        "double", party=cast.OPERATOR, signer="operator", holder="regulator"
    )
    said = signed(enrolment("new", signer="new"), "regulator", "double", "new")

    assert not stands("new", signed(second, "operator", "double"), said)


@pytest.mark.parametrize(
    ("statement", "signers", "wanted"),
    [
        (enrolment("new"), ("nora", "new"), True),
        (enrolment("new", signer="nils"), ("nils", "new"), False),  # no admin
        (enrolment("new"), ("nora",), False),  # no possession
        # nobody of the party is left: the offices help, one of them does not
        (enrolment("new", signer="new"), ("regulator", "operator", "new"), True),
        (enrolment("new", signer="new"), ("regulator", "new"), False),
        (enrolment("new", signer="new"), ("operator", "new"), False),
    ],
)
def test_an_enrolment_wants_possession_and_an_admin_or_both_offices(
    statement, signers, wanted
):
    assert stands("new", signed(statement, *signers)) is wanted


def test_a_party_is_admitted_once():
    again = admission(cast.NOVAMED, "mallory")
    said = signed(again, "regulator", "operator", "mallory")

    with pytest.raises(ProofError, match="admitted twice"):
        ring(said)


def test_a_key_is_enrolled_once_whatever_the_order_of_the_files():
    other = signed(admission(TRANSPHARM, "nora"), "regulator", "operator", "nora")

    for files in ([GENESIS, ADMIT, other], [other, ADMIT, GENESIS]):
        with pytest.raises(ProofError, match="enrolled twice"):
            build_keyring(files, genesis_id=GENESIS_ID)


def test_the_same_statement_twice_is_one():
    assert ring(ADMIT, ENROL).speakers.keys() == ring().speakers.keys()


def test_the_signer_named_is_the_one_who_signed():
    other = replace(cast.commission(), signer="id-of-nora")

    assert refusal(signed(other, "nils")) == "not_the_signer"


def test_a_member_reads_and_does_not_sign():
    member = signed(enrolment("mia", role="member"), "nora", "mia")
    said = replace(cast.commission(), signer="id-of-mia")

    assert refusal(signed(said, "mia"), member) == "key_may_not_sign"

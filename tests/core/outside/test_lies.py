"""A dishonest ledger: leaves and heads that are well signed and still do not fit."""

from dataclasses import replace

import pytest

from apps.core.delegation import Delegation, build_delegation
from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    envelope_json,
    pae,
    statement_id,
)
from apps.core.errors import ProofError
from apps.core.keyring import build_keyring
from apps.core.policy import Policy
from apps.core.prooffile import parse_proof_file
from apps.core.signing import public_key_of, sign, sign_envelope
from apps.core.statement import build_statement
from apps.core.verify import verify_statement
from tests.core.outside import small_ledger as cast

POLICY = Policy.parse(cast.POLICY)
KEYS = ("genesis", "admit", "enrol")


def world(statement, *signers, accepted_ms=cast.AT):
    """A ledger whose last statement is `statement`, and its proof."""
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.append("last", statement, *signers, accepted_ms=accepted_ms)
    ledger.close()
    return ledger


def verify(ledger, document=None):
    proof = parse_proof_file(cast.dumped(document or ledger.proof("last", keys=KEYS)))
    genesis_id = statement_id(ledger.said["genesis"][0])
    ring = build_keyring([*proof.keys, proof.envelope], genesis_id=genesis_id)
    return verify_statement(proof=proof, policy=POLICY, ring=ring)


def refused_at(ledger, document=None) -> tuple[int, str]:
    with pytest.raises(ProofError) as caught:
        verify(ledger, document)
    return caught.value.step, caught.value.code


def test_an_honest_ledger_is_believed():
    found = verify(world(cast.commission(), "nils"))

    assert [each.step for each in found] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 10]


def test_a_statement_for_another_ledger_is_out_of_place():
    foreign = replace(cast.commission(), ledger="other.example/log")

    assert refused_at(world(foreign, "nils")) == (3, "other_ledger")


def test_a_statement_is_signed_by_whom_it_speaks_for():
    other = replace(cast.commission(), by=cast.REGULATOR)

    assert refused_at(world(other, "nils")) == (4, "not_of_party")


def test_a_key_of_nobody_does_not_count():
    assert refused_at(world(cast.commission(), "mallory")) == (4, "no_standing")


def test_a_statement_is_not_accepted_after_its_leaf():
    late = world(cast.commission(), "nils", accepted_ms=cast.AT + 1_001)

    assert refused_at(late) == (6, "accepted_after_leaf")


def test_a_receipt_in_place_of_a_statement_is_refused():
    ledger = world(cast.commission(), "nils")
    document = ledger.proof("last", keys=KEYS)
    document["envelope"] = envelope_json(ledger.receipt("last"))

    assert refused_at(ledger, document) == (2, "wrong_payload_type")


def test_leaves_of_one_statement_stand_side_by_side():
    """The sequencer put a foreign leaf between the two of one statement."""
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("last", cast.enrol(), "nora", "nils")
    first, second = ledger.leaves[3:5]
    ledger.leaves[3:5] = [first, ledger.leaves[0], second]
    ledger.close()
    document = ledger.proof("last", keys=KEYS[:2])
    document["leaves"][1]["leaf"] = second.encode().hex()
    document["leaves"][1]["proof"] = ledger.place(5)

    assert refused_at(ledger, document) == (6, "not_contiguous")


def test_leaves_of_one_statement_have_one_time():
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("last", cast.enrol(), "nora", "nils")
    ledger.leaves[4] = replace(ledger.leaves[4], time_ms=cast.AT + 2_000)
    ledger.close()

    assert refused_at(ledger, ledger.proof("last", keys=KEYS[:2])) == (
        6,
        "other_checkpoint",
    )


def test_the_map_root_is_of_the_same_checkpoint():
    ledger = world(cast.commission(), "nils")
    document = ledger.proof("last", keys=KEYS)
    longer = world(cast.commission(), "nils")
    longer.append("more", cast.enrol("later"), "nora", "later")
    longer.close()
    document["map_root"] = longer.proof("more")["map_root"]

    assert refused_at(ledger, document) == (10, "other_checkpoint")


def test_a_head_that_ends_in_goods_is_refused():
    """No map root under this head, and the last leaf offered in its place."""
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.append("last", cast.commission(), "nils")
    ledger.sign()

    assert refused_at(ledger) == (10, "wrong_leaf_type")


def test_a_changed_enrolment_gives_no_standing():
    ledger = world(cast.commission(), "nils")
    document = ledger.proof("last", keys=KEYS)
    signature = document["keys"][2]["signatures"][0]
    signature["sig"] = ("B" if signature["sig"][0] == "A" else "A") + signature["sig"][
        1:
    ]

    assert refused_at(ledger, document) == (4, "no_standing")


def test_a_lent_voice_is_named_as_such():
    nils, device = cast.key("nils"), cast.key("device")
    lent = sign_envelope(
        payload_type=DELEGATION_TYPE,
        payload=build_delegation(
            Delegation(
                ledger=cast.ORIGIN,
                by=cast.NOVAMED,
                signer="id-of-nils",
                role="signer",
                site=cast.PLANT,
                key=public_key_of(device),
                from_ms=cast.AT,
                to_ms=cast.AT + 3_600_000,
            )
        ),
        private_keys=[nils],
    )
    payload = build_statement(cast.commission())
    signature = Signature(
        public_key_of(device).keyid,
        sign(device, pae(STATEMENT_TYPE, payload)),
        delegation=lent,
    )
    envelope = build_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, signatures=[signature]
    )
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.append_envelope("last", envelope, cast.commission())
    ledger.close()

    texts = [each.text for each in verify(ledger) if each.step == 4]
    assert len(texts) == 1
    assert f"lent to device key {public_key_of(device).keyid}" in texts[0]

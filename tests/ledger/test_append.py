"""Appending: what is stored, what is answered, what is refused."""

import json
from contextlib import nullcontext
from dataclasses import replace

import pytest
from django.db import connection, transaction

from apps.core.envelope import envelope_bytes, envelope_digest, parse_envelope
from apps.core.errors import LedgerConflict, MalformedInput, Unavailable
from apps.core.keys import public_key_of
from apps.core.leaf import ZEROS, commitment
from apps.core.receipt import parse_receipt, verify_receipt
from apps.core.subjects import Subject
from apps.edge.secrets import receipt_key
from apps.ledger import operations, queries
from apps.ledger.formats import Submission, split_salts
from apps.ledger.models import Erasure, Pending, Quarantine, Statement, Vault
from tests.ledger.sayings import (
    AT,
    AT_MS,
    NOVAMED,
    NOVAMED_KEY,
    ORIGIN,
    append,
    say,
    saying,
    tag,
)

pytestmark = pytest.mark.django_db


def receipt_of(accepted):
    return parse_envelope(json.dumps(accepted.receipt).encode())


def test_the_signed_bytes_are_stored_as_they_came():
    submission = saying("lot A", "lot B")

    accepted = append(submission)

    vault = Vault.objects.get(statement_id=accepted.statement_id)
    assert bytes(vault.payload) == submission.envelope.payload
    assert queries.get_envelope(accepted.statement_id) == envelope_bytes(
        submission.envelope
    )
    row = Statement.objects.get(id=accepted.statement_id)
    assert bytes(row.envelope_digest) == envelope_digest(submission.envelope)
    assert (row.kind, row.by, row.accepted_ms) == ("event", NOVAMED, AT_MS)
    assert row.keyids == public_key_of(NOVAMED_KEY).keyid


def test_the_receipt_promises_the_commitments_that_wait_for_the_log():
    submission = saying("lot A", "lot B")

    accepted = append(submission)

    envelope = receipt_of(accepted)
    verify_receipt(envelope=envelope, key=public_key_of(receipt_key()))
    receipt = parse_receipt(envelope)
    vault = Vault.objects.get(statement_id=accepted.statement_id)
    salts = split_salts(bytes(vault.salts))
    assert len(set(salts)) == 2
    assert receipt.commitments == tuple(
        commitment(
            salt=salt,
            accepted_ms=AT_MS,
            envelope_digest=envelope_digest(submission.envelope),
        )
        for salt in salts
    )
    with transaction.atomic():
        (waiting,) = operations.take_pending(limit_leaves=10)
    assert [leaf[2] for leaf in waiting.leaves] == list(receipt.commitments)
    assert (receipt.ledger, receipt.accepted_ms) == (ORIGIN, AT_MS)


@pytest.mark.parametrize(
    ("kind", "leaf_type"),
    [
        ("event", 1),
        ("party.admit", 2),
        ("key.revoke", 2),
        ("product.register", 2),
        ("erasure", 5),
        ("recall.open", 6),
    ],
)
def test_every_kind_becomes_leaves_of_its_type(kind, leaf_type):
    say("something", kind=kind)

    with transaction.atomic():
        (waiting,) = operations.take_pending(limit_leaves=1)
    assert [leaf[0] for leaf in waiting.leaves] == [leaf_type]


def test_numbers_of_acceptance_rise():
    ids = [say(f"lot {number}").statement_id for number in range(5)]

    rows = Statement.objects.order_by("accept_no").values_list("id", flat=True)
    assert list(rows) == ids


def test_the_same_statement_twice_is_a_conflict_and_the_first_answer_stays():
    submission = saying("lot A")
    first = append(submission)

    with pytest.raises(LedgerConflict, match="statement known"):
        append(submission)

    again = queries.find_accepted(first.statement_id)
    assert again is not None
    assert again.receipt == first.receipt
    assert (again.tags, again.accepted_ms) == (first.tags, first.accepted_ms)
    assert (first.is_new, again.is_new) == (True, False)
    assert queries.keyids_of(first.statement_id) == (public_key_of(NOVAMED_KEY).keyid,)
    assert Statement.objects.count() == Pending.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_appended():
    submission = saying("lot A")

    with pytest.raises(RuntimeError):
        operations.append_statement(submission=submission, accepted_ms=AT_MS)
    with pytest.raises(RuntimeError):
        operations.take_pending(limit_leaves=1)
    with pytest.raises(RuntimeError):
        operations.append_leaves(rows=[])
    with pytest.raises(RuntimeError):
        operations.erase_vault(statement_id="0" * 64, erased_by="0" * 64)

    assert Statement.objects.count() == 0


def test_in_quarantine_nothing_is_appended_until_it_is_lifted():
    operations.quarantine(reason="two heads of one size", at=AT)
    operations.quarantine(reason="a later reason", at=AT)

    with pytest.raises(Unavailable, match="quarantined"):
        say("lot A")

    assert Statement.objects.count() == 0
    assert Quarantine.objects.get().reason == "two heads of one size"
    operations.lift_quarantine()
    assert say("lot A").is_new


def test_a_subject_that_no_leaf_can_bear_is_refused_at_the_door():
    submission = saying("lot A")
    zeros = Submission(
        submission.envelope,
        replace(submission.statement, subjects=(Subject(ZEROS),)),
        None,
        AT_MS,
    )

    with pytest.raises(MalformedInput, match="bad leaf"):
        append(zeros)

    assert Statement.objects.count() == 0


def test_whole_statements_are_taken_in_order_and_only_once():
    first = say("a", "b", "c")
    second = say("d", "e")
    third = say("f")

    with transaction.atomic():
        one = operations.take_pending(limit_leaves=2)
        two = operations.take_pending(limit_leaves=3)
        rest = operations.take_pending(limit_leaves=100)

    assert [each.statement_id for each in one] == [first.statement_id]
    assert [each.statement_id for each in two] == [
        second.statement_id,
        third.statement_id,
    ]
    assert rest == []
    assert len(one[0].leaves) == 3


def test_a_lower_number_that_commits_later_is_still_taken():
    late, early = say("late"), say("early")
    row = Pending.objects.get(statement_id=late.statement_id)
    Pending.objects.filter(statement_id=late.statement_id).delete()
    with transaction.atomic():
        taken = operations.take_pending(limit_leaves=10)
    row.save(force_insert=True)

    with transaction.atomic():
        then = operations.take_pending(limit_leaves=10)

    assert [each.statement_id for each in taken] == [early.statement_id]
    assert [each.statement_id for each in then] == [late.statement_id]


def test_answers_are_found_for_many_at_once():
    first, second = say("lot A"), say("lot B")
    with transaction.atomic():
        operations.erase_vault(statement_id=second.statement_id, erased_by="e" * 64)

    found = queries.find_all_accepted(
        [first.statement_id, second.statement_id, "0" * 64]
    )

    assert found.keys() == {first.statement_id, second.statement_id}
    answer, keyids = found[first.statement_id]
    assert answer == replace(first, is_new=False)
    assert keyids == queries.keyids_of(first.statement_id)
    assert found[second.statement_id][0] is None


def test_many_are_appended_in_their_order_or_none():
    said = [saying(f"lot {n}") for n in range(4)]

    prepared = operations.prepare_statements(
        judged=[(each, AT_MS + 9) for each in said], located=lambda _: nullcontext()
    )
    with transaction.atomic():
        accepted = operations.append_statements(prepared)

    names = [each.statement_id for each in accepted]
    rows = Statement.objects.in_bulk(names)
    numbers = [rows[name].accept_no for name in names]
    assert numbers == sorted(numbers)
    with transaction.atomic():
        taken = operations.take_pending(limit_leaves=10)
    assert [each.statement_id for each in taken] == names


def test_in_quarantine_none_of_many_is_appended():
    said = [saying(f"lot {n}") for n in range(3)]
    operations.quarantine(reason="a test", at=AT)

    prepared = operations.prepare_statements(
        judged=[(each, AT_MS) for each in said], located=lambda _: nullcontext()
    )
    with pytest.raises(Unavailable) as refusal, transaction.atomic():
        operations.append_statements(prepared)

    assert refusal.value.code == "quarantined"
    assert (Statement.objects.count(), Vault.objects.count()) == (0, 0)
    assert not Pending.objects.exists()


def test_an_erased_statement_keeps_its_evidence_and_no_answer():
    accepted = say("lot A")

    with transaction.atomic():
        operations.erase_vault(statement_id=accepted.statement_id, erased_by="e" * 64)

    assert Vault.objects.count() == 0
    assert Statement.objects.count() == Erasure.objects.count() == 1
    with pytest.raises(LedgerConflict, match="statement erased"):
        queries.find_accepted(accepted.statement_id)


@pytest.mark.parametrize(
    "kind", ["party.admit", "key.enrol", "key.revoke", "product.register"]
)
def test_what_is_said_of_parties_and_keys_is_not_erased(kind: str):
    accepted = say("lot A", kind=kind)

    with pytest.raises(MalformedInput, match="not erasable"), transaction.atomic():
        operations.erase_vault(statement_id=accepted.statement_id, erased_by="e" * 64)

    assert (Vault.objects.count(), Erasure.objects.count()) == (1, 0)


def test_an_unknown_statement_has_no_answer():
    assert queries.find_accepted("0" * 64) is None
    assert queries.find_vault("0" * 64) is None
    assert queries.keyids_of("0" * 64) == ()
    assert tag("x") != tag("y")
    assert connection.vendor in {"sqlite", "postgresql"}

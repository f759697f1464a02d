"""Witnesses under the log: a quorum before publication."""

from datetime import timedelta

import pytest

from apps.anchoring import operations, queries
from apps.anchoring.models import Cosignature, SignedNote, WitnessState
from apps.core.errors import ProofError
from apps.core.notekey import SignerKey
from apps.core.policy import Policy, open_trusted_checkpoint
from apps.ledger.models import Leaf
from tests.anchoring.network import cosigners, published
from tests.anchoring.outsider import verify_public
from tests.ledger.sayings import AT, append, saying

pytestmark = pytest.mark.django_db(transaction=True)

SOON = timedelta(seconds=1)


def say(*words: str) -> None:
    append(saying(*words))


def test_every_head_is_cosigned_before_it_is_published(network, log):
    for number in range(3):
        say(f"lot {number}")
        result = operations.sequence(at=AT + number * SOON)
        assert result is not None
        assert result.is_published
        assert published(log) == result.size == 2 * number + 2
        assert cosigners(log) == {"one", "two", "three"}

    assert verify_public(log) == 6
    assert queries.status(at=AT).witnesses_label == "3 of 3 witnesses"
    assert [row.seals for row in queries.list_rows(limit=1)] == [
        ("localhost:8000/pharmatrace", "one", "three", "two")
    ]


def test_without_a_quorum_the_last_good_head_stays(network, log):
    say("lot A")
    operations.sequence(at=AT)
    network.all[0].end()
    network.all[1].end()
    say("lot B")

    result = operations.sequence(at=AT + SOON)

    assert (result.size, result.is_published) == (4, False)
    assert published(log) == 2
    late = queries.status(at=AT + timedelta(seconds=90))
    assert late.is_late
    assert late.log_size == 2

    network.all[0].start()
    operations.sequence(at=AT + timedelta(seconds=2))
    assert published(log) == 4
    assert cosigners(log) == {"one", "three"}
    assert not queries.status(at=AT + timedelta(seconds=3)).is_late
    network.all[1].start()


def test_one_that_is_down_is_shown_and_let_be(network, log):
    network.all[2].end()
    say("lot A")
    operations.sequence(at=AT)

    assert cosigners(log) == {"one", "two"}
    assert queries.status(at=AT).witnesses_label == "2 of 3 witnesses"
    row = WitnessState.objects.get(witness="three")
    assert (row.fault, row.cosigned_at) == ("witness_silent", None)

    network.all[2].start()
    operations.sequence(at=AT + SOON)
    assert WitnessState.objects.get(witness="three").fault == "witness_silent"
    operations.sequence(at=AT + timedelta(seconds=11))
    assert cosigners(log) == {"one", "two", "three"}
    assert WitnessState.objects.get(witness="three").fault == ""


def test_an_idle_log_is_cosigned_again_each_minute(network, log):
    say("lot A")
    operations.sequence(at=AT)
    before = (log / "checkpoint").read_bytes()

    operations.sequence(at=AT + timedelta(seconds=59))
    assert (log / "checkpoint").read_bytes() == before
    operations.sequence(at=AT + timedelta(seconds=60))

    assert set(Cosignature.objects.values_list("cosigned_at", flat=True)) == {
        AT + timedelta(seconds=60)
    }
    assert queries.status(at=AT + timedelta(seconds=65)).age_seconds == 5
    assert published(log) == 2
    assert Leaf.objects.count() == 2


def test_a_witness_that_joins_late_starts_from_nothing(network, log):
    for number in range(5):
        say(f"lot {number}")
        operations.sequence(at=AT + number * SOON)
    network.all[2].end()
    network.all[2].memory.unlink()
    network.all[2].start()
    say("lot Z")

    operations.sequence(at=AT + timedelta(seconds=20))

    assert cosigners(log) == {"one", "two", "three"}
    assert published(log) == 12


def test_a_reader_with_the_policy_refuses_what_too_few_cosigned(network, log):
    say("lot A")
    operations.sequence(at=AT)
    policy = Policy.parse((log / "policy").read_bytes())
    bare = SignedNote.objects.get().note.encode()

    with pytest.raises(ProofError, match="no quorum"):
        open_trusted_checkpoint(bare, policy)


def test_a_line_under_a_key_that_the_policy_dropped_does_not_count(network, log):
    say("lot A")
    operations.sequence(at=AT)
    for one in network.all[:2]:
        one.end()
        one.signer = SignerKey.generate(one.signer.name, one.signer.kind)
        one.start()
        one.end()
    network.write("2")

    operations.sequence(at=AT + timedelta(seconds=2))

    # The readers' policy is still the old one, which the published head meets.
    assert cosigners(log) == {"one", "two", "three"}
    for one in network.all[:2]:
        one.start()
    operations.sequence(at=AT + timedelta(seconds=20))
    assert cosigners(log) == {"one", "two", "three"}
    policy = Policy.parse((log / "policy").read_bytes())
    keys = {witness.key for witness in policy.witnesses}
    assert network.all[0].signer.verifier in keys


def test_a_line_that_somebody_changed_is_asked_for_again(network, log):
    say("lot A")
    operations.sequence(at=AT)
    line = Cosignature.objects.get(witness="one").line
    flipped = "A" if line[-3] != "A" else "B"
    for changed in (f"{line[:-3]}{flipped}{line[-2:]}", "nonsense", ""):
        Cosignature.objects.filter(witness="one").update(line=changed)

        operations.sequence(at=AT + SOON)

        assert cosigners(log) == {"one", "two", "three"}
        assert Cosignature.objects.get(witness="one").line not in {changed, ""}

"""A log that went back to an older copy, and what only others can see."""

from datetime import timedelta
from pathlib import Path

import pytest

from apps.anchoring import operations
from apps.anchoring.models import SignedNote
from apps.core.errors import IntegrityBreach, Unavailable
from apps.ledger import operations as ledger_operations
from apps.ledger import queries as ledger_queries
from tests.anchoring.network import grow_elsewhere, published, restart
from tests.ledger.sayings import AT, append, saying

pytestmark = pytest.mark.django_db(transaction=True)

SOON = timedelta(seconds=1)


def say(*words: str) -> None:
    append(saying(*words))


def test_what_was_set_back_all_together_is_seen_by_witnesses_alone(network, log):
    say("lot A")
    operations.sequence(at=AT)
    grow_elsewhere(network, log, 2)
    restart()
    say("lot B")

    with pytest.raises(IntegrityBreach, match="witnesses_contradict"):
        operations.sequence(at=AT + SOON)

    assert "witness other size; got 4" in ledger_queries.find_quarantine().reason
    assert SignedNote.objects.count() == 1
    assert published(log) == 2


def test_a_fork_of_the_same_size_is_not_cosigned(network, log):
    say("lot A")
    operations.sequence(at=AT)
    grow_elsewhere(network, log, 2)
    say("lot B")

    # This process was confirmed already: it signs, but nobody cosigns.
    with pytest.raises(IntegrityBreach, match="witnesses_contradict"):
        operations.sequence(at=AT + SOON)

    assert "root mismatch" in ledger_queries.find_quarantine().reason
    assert published(log) == 2


def test_a_lock_store_that_went_back_is_seen_by_the_database(network, log, settings):
    say("lot A")
    operations.sequence(at=AT)
    outside = Path(settings.LOCK_STORE)
    before = outside.read_bytes(), (log / "checkpoint").read_bytes()
    say("lot B")
    operations.sequence(at=AT + SOON)
    outside.write_bytes(before[0])
    (log / "checkpoint").write_bytes(before[1])
    restart()

    with pytest.raises(IntegrityBreach, match="lock_store_behind"):
        operations.sequence(at=AT + 2 * SOON)


def test_nothing_is_signed_before_a_quorum_has_spoken(network, log):
    say("lot A")
    operations.sequence(at=AT)
    say("lot B")
    restart()
    for one in network.all:
        one.end()

    assert operations.sequence(at=AT + SOON) is None
    assert SignedNote.objects.count() == 1

    for one in network.all:
        one.start()
    assert operations.sequence(at=AT + 2 * SOON).size == 4


def test_a_lost_lock_store_is_filled_by_a_quorum(network, log, settings):
    for number in range(2):
        say(f"lot {number}")
        operations.sequence(at=AT + number * SOON)
    lock = Path(settings.LOCK_STORE)
    before = lock.read_bytes()
    lock.unlink()
    restart()
    with pytest.raises(IntegrityBreach, match="lock_store_lost"):
        operations.sequence(at=AT + 2 * SOON)
    network.all[0].end()

    head = operations.reseed_from_witnesses()

    assert head.size == 4
    assert lock.read_bytes() == before
    ledger_operations.lift_quarantine()
    say("lot Z")
    assert operations.sequence(at=AT + 3 * SOON).is_published
    assert published(log) == 6
    network.all[0].start()


def test_a_lock_store_is_not_filled_beside_an_older_database(network, log, settings):
    say("lot A")
    operations.sequence(at=AT)
    grow_elsewhere(network, log, 2)
    Path(settings.LOCK_STORE).unlink()

    with pytest.raises(IntegrityBreach, match="database behind; got 2; wanted the"):
        operations.reseed_from_witnesses()

    assert not Path(settings.LOCK_STORE).exists()


def test_a_lock_store_is_not_filled_without_need_or_without_quorum(
    network, log, settings
):
    say("lot A")
    operations.sequence(at=AT)
    with pytest.raises(IntegrityBreach, match="lock store there"):
        operations.reseed_from_witnesses()
    lock = Path(settings.LOCK_STORE)
    lock.unlink()
    network.all[0].end()
    network.all[1].end()

    with pytest.raises(Unavailable, match="no quorum; got three; wanted quorum all"):
        operations.reseed_from_witnesses()

    assert not lock.exists()
    network.all[0].start()
    network.all[1].start()

"""Database, lock store and published files: one of them lies, and nobody signs."""

import pytest
from django.db import transaction

from apps.anchoring import operations, queries
from apps.anchoring.clients.lock_store import LockStore
from apps.anchoring.models import SignedNote
from apps.anchoring.operations import open_stores
from apps.core.checkpoint import Checkpoint, sign_checkpoint
from apps.core.errors import IntegrityBreach, LedgerConflict, ProofError, Unavailable
from apps.core.notekey import SignatureType, SignerKey
from apps.ledger import operations as ledger
from apps.ledger import queries as ledger_queries
from apps.ledger.models import Leaf, Statement
from tests.anchoring.outsider import verify_public
from tests.ledger.sayings import AT, ORIGIN, append, say, saying

pytestmark = pytest.mark.django_db


@pytest.fixture
def lock(settings, log):
    say("lot A")
    operations.sequence(at=AT)
    say("lot A")
    operations.sequence(at=AT)
    say("lot A")
    return settings.LOCK_STORE


def head(size: int, root: bytes, *, seed: bytes | None = None) -> bytes:
    signers = open_stores().signers
    if seed is not None:
        signers = (SignerKey(ORIGIN, SignatureType.ED25519, seed),)
    return sign_checkpoint(
        Checkpoint(ORIGIN, size, root), signers, time_seconds=0
    ).format()


def assert_quarantined(code: str) -> None:
    signed = SignedNote.objects.count()
    leaves = Leaf.objects.count()

    with pytest.raises(IntegrityBreach, match=f"log quarantined; got {code}"):
        operations.sequence(at=AT)

    quarantine = ledger_queries.find_quarantine()
    assert quarantine is not None
    assert code.replace("_", " ") in quarantine.reason
    assert queries.status(at=AT).state == "stop"
    with pytest.raises(Unavailable, match="quarantined"):
        operations.sequence(at=AT)
    with pytest.raises(Unavailable, match="quarantined"):
        say("lot B")
    assert (SignedNote.objects.count(), Leaf.objects.count()) == (signed, leaves)


def test_a_database_from_yesterday_is_not_signed_on_top_of(lock, log):
    ahead = head(400, b"r" * 32)
    lock.write_bytes(ahead)
    (log / "checkpoint").write_bytes(ahead)

    assert_quarantined("database_behind")


def test_a_database_with_another_past_is_not_signed_on_top_of(lock):
    lock.write_bytes(head(4, b"r" * 32))

    assert_quarantined("database_differs")


def test_a_size_that_was_never_committed_is_not_signed_on_top_of(lock):
    lock.write_bytes(head(3, b"r" * 32))

    assert_quarantined("database_differs")


def test_without_its_lock_store_the_log_does_not_go_on(lock):
    lock.unlink()

    assert_quarantined("lock_store_lost")


def test_a_lock_store_that_another_key_signed_is_refused(lock):
    lock.write_bytes(head(4, b"r" * 32, seed=bytes(32)))

    assert_quarantined("lock_store_unreadable")


@pytest.mark.parametrize(
    "content", [b"", b"half a note", b"\xff" * 80], ids=["empty", "torn", "binary"]
)
def test_a_torn_lock_store_is_refused(lock, content):
    lock.write_bytes(content)

    assert_quarantined("lock_store_unreadable")


def test_a_published_head_ahead_of_the_lock_store_is_refused(lock, log):
    first = SignedNote.objects.earliest("checkpoint_id")
    lock.write_bytes(first.note.encode())

    assert_quarantined("lock_store_behind")


def test_a_forged_published_head_is_refused(lock, log):
    (log / "checkpoint").write_bytes(head(4, b"r" * 32))

    assert_quarantined("database_differs")


def test_a_lost_published_head_is_noticed_and_can_be_restored(lock, log):
    tiles = {
        path.relative_to(log): path.read_bytes()
        for path in log.rglob("*")
        if path.is_file()
    }
    for path in tiles:
        (log / path).unlink()
    assert_quarantined("published_lost")

    operations.restore_files(at=AT)
    ledger.lift_quarantine()

    assert all((log / path).read_bytes() == data for path, data in tiles.items())
    assert verify_public(log) == 4
    result = operations.sequence(at=AT)
    assert result is not None
    assert (result.size, verify_public(log)) == (6, 6)


def test_a_full_tile_is_never_overwritten(log):
    append(saying(*(f"lot {number}" for number in range(255))))
    operations.sequence(at=AT)
    tile = log / "tile/0/000"
    tile.write_bytes(b"x" + tile.read_bytes()[1:])

    with pytest.raises(IntegrityBreach, match="tile differs"):
        operations.restore_files(at=AT)

    assert tile.read_bytes()[:1] == b"x"


def test_a_partial_tile_with_a_flipped_bit_is_found_before_the_next_signature(
    lock, log
):
    tile = log / "tile/0/000.p/4"
    data = bytearray(tile.read_bytes())
    data[40] ^= 1
    tile.write_bytes(data)

    with pytest.raises(IntegrityBreach):
        operations.sequence(at=AT)

    assert queries.newest_checkpoint().size == 4
    assert ledger_queries.find_quarantine() is not None


def test_a_head_that_does_not_append_is_not_signed(lock):
    stores = open_stores()
    forged = queries.PublishedHead(2, b"r" * 32, b"")
    newest = queries.list_checkpoints(limit=1)[0]

    with pytest.raises(ProofError):
        operations.verify_head(stores, locked=forged, head=newest)


def test_the_lock_store_swaps_only_what_was_seen(tmp_path):
    store = LockStore(tmp_path / "deep" / "lock")

    store.swap(expected=None, note=b"one")
    with pytest.raises(LedgerConflict, match="lock store moved"):
        store.swap(expected=None, note=b"two")
    store.swap(expected=b"one", note=b"two")

    assert store.read() == b"two"


def test_one_holder_at_a_time(tmp_path):
    path = tmp_path / "lock"
    with LockStore(path).holding() as first, LockStore(path).holding() as second:
        assert (first, second) == (True, False)
    with LockStore(tmp_path / "lock").holding() as third:
        assert third


def test_while_another_sequencer_works_a_run_does_nothing(lock, settings):
    with LockStore(settings.LOCK_STORE).holding():
        assert operations.sequence(at=AT) is None

    assert Statement.objects.count() == 3
    with transaction.atomic():
        assert len(ledger.take_pending(limit_leaves=10)) == 1

"""Step 4's question, asked before anything is signed: do the three stores agree?

Database, lock store and published files may lag behind each other in this order,
never the other way, and never disagree about a size. Whatever else is found means
that one of them was lost, restored or forged: the ledger then goes read-only.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.anchoring import queries
from apps.anchoring.clients.lock_store import LockStore
from apps.anchoring.clients.public_files import PublicFiles
from apps.anchoring.models import Checkpoint, SignedNote
from apps.anchoring.queries import PublishedHead
from apps.core.checkpoint import open_checkpoint
from apps.core.errors import IntegrityBreach, TraceError
from apps.core.notekey import SignerKey, VerifierKey


@dataclass(frozen=True, slots=True)
class Stores:
    """The three places and the keys, as one run of the sequencer sees them."""

    lock: LockStore
    files: PublicFiles
    signers: tuple[SignerKey, ...]  # the log's own, Ed25519 first

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The public halves of the log's keys."""
        return tuple(signer.verifier for signer in self.signers)


def verify_stores(stores: Stores) -> PublishedHead | None:
    """Compare database, lock store and published checkpoint; return the locked head.

    1. The lock store holds a note that the log's key signed, or nothing was signed.
    2. The database committed exactly that head, and its newest head is its tree.
    3. The published checkpoint is the locked one or an earlier one of ours.

    Raises:
        IntegrityBreach: they do not agree; the code says how.
    """
    locked = _verify_lock(stores)
    _verify_database(locked)
    _verify_published(stores, locked)
    return locked


def _verify_lock(stores: Stores) -> PublishedHead | None:
    note = stores.lock.read()
    if note is None:
        signed = SignedNote.objects.exists()
        if signed or stores.files.read_checkpoint() is not None:
            raise IntegrityBreach("lock_store_lost", field="lock store")
        return None
    return _open(note, stores, code="lock_store_unreadable")


def _open(note: bytes, stores: Stores, *, code: str) -> PublishedHead:
    try:
        open_checkpoint(note, log_keys=stores.keys)
    except TraceError as error:
        raise IntegrityBreach(code, got=str(error)) from error
    return queries.read_head(note)


def _verify_database(locked: PublishedHead | None) -> None:
    tree = queries.find_tree()
    size = tree.size if tree else 0
    if locked is not None:
        if locked.size > size:
            raise IntegrityBreach(
                "database_behind", got=size, wanted=f"the signed size {locked.size}"
            )
        _verify_committed(locked)
        _verify_newest(locked)
    newest = Checkpoint.objects.order_by("-size").first()
    if tree is None or newest is None:
        if tree is not None or newest is not None:
            raise IntegrityBreach("database_differs", field="tree", got=size)
    elif (newest.size, bytes(newest.root_hash)) != (size, bytes(tree.root_hash)):
        raise IntegrityBreach("database_differs", field="tree", got=size)


def _verify_newest(locked: PublishedHead) -> None:
    signed = SignedNote.objects.order_by("-checkpoint_id").first()
    if signed is not None and signed.checkpoint_id > locked.size:
        raise IntegrityBreach(
            "lock_store_behind", got=locked.size, wanted=str(signed.checkpoint_id)
        )


def _verify_committed(head: PublishedHead) -> None:
    row = queries.find_checkpoint(head.size)
    if row is None or bytes(row.root_hash) != head.root_hash:
        raise IntegrityBreach(
            "database_differs",
            field=f"checkpoint {head.size}",
            got=bytes(row.root_hash).hex() if row else "no such head",
            wanted=head.root_hash.hex(),
        )


def _verify_published(stores: Stores, locked: PublishedHead | None) -> None:
    note = stores.files.read_checkpoint()
    if note is None:
        # Only a crash between the first signature and its publication looks so.
        earlier = SignedNote.objects.filter(
            checkpoint_id__lt=locked.size if locked else 0
        )
        if earlier.exists():
            raise IntegrityBreach("published_lost", field="checkpoint")
        return
    published = _open(note, stores, code="published_unreadable")
    if locked is None or published.size > locked.size:
        raise IntegrityBreach("lock_store_behind", got=published.size)
    _verify_committed(published)

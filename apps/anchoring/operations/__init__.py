"""Making it undeniable: one run of the sequencer, in the order of durable steps.

DESIGN section 7: compare the stores, commit pending leaves, read back and check,
sign into the lock store, have it cosigned, publish. Whoever stops between two of
these is resumed by the next run, which signs what was committed and publishes what was
signed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apps.anchoring import queries
from apps.anchoring.clients.lock_store import lock_store
from apps.anchoring.clients.log_key import log_signers
from apps.anchoring.clients.public_files import public_files
from apps.anchoring.models import Checkpoint
from apps.anchoring.operations.anchor import Anchored, anchor_due, anchor_now
from apps.anchoring.operations.cosign import confirm_head, publish_cosigned
from apps.anchoring.operations.integrate import Integrated, integrate_pending
from apps.anchoring.operations.reseed import reseed_lock_store
from apps.anchoring.operations.seal import (
    publish_head,
    record_note,
    sign_head,
    verify_head,
    write_anchors,
    write_recalls,
    write_tiles,
)
from apps.anchoring.operations.stores import Stores, verify_stores
from apps.anchoring.queries import PublishedHead
from apps.core.errors import IntegrityBreach, MalformedInput, ProofError
from apps.ledger import operations as ledger
from apps.ledger import queries as ledger_queries

__all__ = [
    "LIMIT_LEAVES",
    "Anchored",
    "Integrated",
    "SequenceResult",
    "Stores",
    "anchor_due",
    "anchor_now",
    "confirm_head",
    "integrate_pending",
    "open_stores",
    "publish_cosigned",
    "publish_head",
    "record_note",
    "reseed_from_witnesses",
    "restore_files",
    "seal",
    "sequence",
    "sign_head",
    "verify_head",
    "verify_stores",
    "write_anchors",
    "write_recalls",
    "write_tiles",
]

logger = logging.getLogger(__name__)

# Leaves of one run: a backlog of a million is worked off in steps of a second.
LIMIT_LEAVES: Final = 20_000


@dataclass(frozen=True, slots=True)
class SequenceResult:
    """What is signed after a run, and how many leaves the run added.

    `is_published` is False while too few witnesses have cosigned.
    """

    size: int
    root_hash: bytes
    added: int
    is_published: bool


def open_stores() -> Stores:
    """The stores that the settings name.

    Raises:
        Unavailable: this host does not hold the log's keys.
    """
    return Stores(lock_store(), public_files(), log_signers())


def sequence(
    *, at: datetime, limit_leaves: int = LIMIT_LEAVES
) -> SequenceResult | None:
    """Run the sequencer once; None if there is nothing, or another one is at work.

    Raises:
        Unavailable: `quarantined`, or this host does not hold the log's keys.
        IntegrityBreach: the stores contradict each other or a check failed; the
            ledger is in quarantine now.
    """
    stores = open_stores()
    with stores.lock.holding() as is_ours:
        if not is_ours:
            return None
        ledger_queries.require_no_quarantine()
        try:
            return _run(stores, at=at, limit_leaves=limit_leaves)
        except (IntegrityBreach, ProofError, MalformedInput) as error:
            logger.critical("The log is quarantined: %s", error)
            ledger.quarantine(reason=str(error), at=at)
            raise IntegrityBreach(
                "log_quarantined", got=error.code, wanted="an operator"
            ) from error


def _run(stores: Stores, *, at: datetime, limit_leaves: int) -> SequenceResult | None:
    locked = verify_stores(stores)
    if locked is not None:
        # A run that stopped after its signature: the stored note is published.
        record_note(locked, at=at)
        if not _is_confirmed(stores, locked, at=at):
            return None
        publish_cosigned(stores, locked, at=at)
    integrated = integrate_pending(at=at, limit_leaves=limit_leaves)
    sealed = seal(stores, locked=locked, at=at)
    if sealed is None:
        return None
    _CONFIRMED[stores.lock.name] = sealed.size
    is_published = publish_cosigned(stores, sealed, at=at)
    added = integrated.new_size - integrated.old_size if integrated else 0
    return SequenceResult(sealed.size, sealed.root_hash, added, is_published)


# By lock store: the size that this process knows to be the newest of its log.
_CONFIRMED: dict[str, int] = {}


def _is_confirmed(stores: Stores, locked: PublishedHead, *, at: datetime) -> bool:
    """Whether a quorum of witnesses said, once a process, that nothing is newer.

    Raises:
        IntegrityBreach: `witnesses_contradict`; `lock_store_behind`: this process saw
            a newer head in the same place.
    """
    known = _CONFIRMED.get(stores.lock.name)
    if known is None:
        if not confirm_head(stores, locked, at=at):
            logger.warning("Too few witnesses answer: nothing is signed until they do")
            return False
    elif locked.size < known:
        raise IntegrityBreach("lock_store_behind", got=locked.size, wanted=str(known))
    _CONFIRMED[stores.lock.name] = locked.size
    return True


def seal(
    stores: Stores, *, locked: PublishedHead | None, at: datetime
) -> PublishedHead | None:
    """Check and sign the newest committed head; None if that was done.

    Raises:
        IntegrityBreach, ProofError: a check failed; nothing was signed.
        LedgerConflict: `lock_store_moved`.
    """
    head = Checkpoint.objects.order_by("-size").first()
    if head is None or (locked is not None and locked.size == head.size):
        return None
    old_size = locked.size if locked else 0
    write_tiles(stores, old_size=old_size, new_size=head.size)
    write_recalls(stores, old_size=old_size, new_size=head.size)
    write_anchors(stores, old_size=old_size, new_size=head.size)
    verify_head(stores, locked=locked, head=head)
    signed = sign_head(stores, locked=locked, head=head, at=at)
    record_note(signed, at=at)
    return signed


def restore_files(*, at: datetime) -> SequenceResult | None:
    """Write every published file again from the database, up to the locked head.

    For an operator who lost the folder of public files: nothing new is signed; the
    tiles must lead to the root that the lock store holds.

    Raises:
        IntegrityBreach, ProofError: database and lock store do not agree.
    """
    stores = open_stores()
    with stores.lock.holding() as is_ours:
        note = stores.lock.read() if is_ours else None
        return None if note is None else _restore(stores, note, at)


def reseed_from_witnesses() -> PublishedHead | None:
    """Fill a lost lock store from the witnesses; None while a sequencer holds it.

    Raises:
        IntegrityBreach, Unavailable: see `reseed.reseed_lock_store`; nothing was written.
    """
    stores = open_stores()
    with stores.lock.holding() as is_ours:
        return reseed_lock_store(stores) if is_ours else None


def _restore(stores: Stores, note: bytes, at: datetime) -> SequenceResult:
    locked = queries.read_head(note)
    head = queries.find_checkpoint(locked.size)
    if head is None or bytes(head.root_hash) != locked.root_hash:
        raise IntegrityBreach("database_differs", field=f"checkpoint {locked.size}")
    old_size = 0
    for size in queries.list_signed_sizes():
        # Readers may still hold an earlier checkpoint and ask for its partial tiles.
        write_tiles(stores, old_size=old_size, new_size=size)
        old_size = size
    write_tiles(stores, old_size=old_size, new_size=locked.size)
    write_recalls(stores, old_size=0, new_size=locked.size)
    write_anchors(stores, old_size=0, new_size=locked.size)
    verify_head(stores, locked=None, head=head)
    record_note(locked, at=at)
    is_published = publish_cosigned(stores, locked, at=at)
    return SequenceResult(locked.size, locked.root_hash, 0, is_published)

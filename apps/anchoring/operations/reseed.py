"""A lost lock store is filled again, from those who saw the newest head: witnesses."""

from __future__ import annotations

from collections.abc import Iterator

from apps.anchoring import queries
from apps.anchoring.clients.policy import build_policy
from apps.anchoring.clients.witnesses import WitnessClient
from apps.anchoring.models import SignedNote
from apps.anchoring.operations.stores import Stores
from apps.anchoring.queries import PublishedHead
from apps.core.checkpoint import open_checkpoint
from apps.core.errors import IntegrityBreach, TraceError, Unavailable
from apps.core.note import Note
from apps.core.policy import Policy


def reseed_lock_store(stores: Stores) -> PublishedHead:
    """Put the newest head that anybody saw into the empty lock store.

    1. A quorum of witnesses shows what it cosigned last, with the log's own lines.
    2. The newest of those, of the notes in the database and of the published one is
       a head that the database committed; else the database is the one that is old.

    Raises:
        IntegrityBreach: `lock_store_there`: nothing is lost; `database_behind`,
            `database_differs`: step 2.
        Unavailable: `no_quorum`: too few witnesses show a head of this log.
    """
    if stores.lock.read() is not None:
        raise IntegrityBreach("lock_store_there", field="lock store")
    # 1
    policy = build_policy(stores.keys)
    seen = dict(_shown(stores, policy))
    if not policy.witnesses or not policy.is_quorum(seen):
        raise Unavailable(
            "no_quorum",
            field="witnesses",
            got=", ".join(sorted(seen)) or "no witness",
            wanted=f"quorum {policy.quorum}",
        )
    # 2
    newest = max([*seen.values(), *_own(stores)], key=lambda head: head.size)
    row = queries.find_checkpoint(newest.size)
    if row is None:
        tree = queries.find_tree()
        raise IntegrityBreach(
            "database_behind",
            got=tree.size if tree else 0,
            wanted=f"the signed size {newest.size}",
        )
    if bytes(row.root_hash) != newest.root_hash:
        raise IntegrityBreach("database_differs", field=f"checkpoint {newest.size}")
    stores.lock.swap(expected=None, note=newest.note)
    return newest


def _shown(stores: Stores, policy: Policy) -> Iterator[tuple[str, PublishedHead]]:
    """By witness: the head that it shows, with the lines of the log alone."""
    for witness in policy.witnesses:
        try:
            note = WitnessClient(witness.url).read_checkpoint(stores.signers[0].name)
            if note is None:
                continue
            signed = open_checkpoint(
                note, log_keys=stores.keys, witness_keys=[witness.key]
            )
        except TraceError:
            continue  # silent or unreadable: it does not count
        if signed.cosignatures:
            bare = Note(signed.note.text, signed.log_signatures).format()
            yield witness.name, queries.read_head(bare)


def _own(stores: Stores) -> Iterator[PublishedHead]:
    """The newest notes that database and published file still hold."""
    recorded = SignedNote.objects.order_by("-checkpoint_id").first()
    notes = [recorded.note.encode()] if recorded else []
    if published := stores.files.read_checkpoint():
        notes.append(published)
    for note in notes:
        signed = open_checkpoint(note, log_keys=stores.keys)
        bare = Note(signed.note.text, signed.log_signatures).format()
        yield queries.read_head(bare)

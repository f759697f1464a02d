"""Steps 3 to 5: what was committed is read back, checked, signed and published."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.anchoring import queries
from apps.anchoring.clients.policy import build_policy
from apps.anchoring.models import Checkpoint, SignedNote
from apps.anchoring.operations.stores import Stores
from apps.anchoring.queries import PublishedHead
from apps.core.checkpoint import Checkpoint as Head
from apps.core.checkpoint import sign_checkpoint
from apps.core.errors import IntegrityBreach, MalformedInput
from apps.core.leaf import LEAF_SIZE, LeafType
from apps.core.merkle import leaf_hash, verify_consistency, verify_inclusion
from apps.core.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Tile,
    TileHashes,
    changed_bundles,
    changed_tiles,
    format_bundle,
    grow_tiles,
    parse_bundle,
)
from apps.core.tree import consistency_path, inclusion_path
from apps.edge.cycles import no_search
from apps.ledger import queries as ledger

# Leaves whose tiles are made at once: 64 full bundles, 2 MB.
_SLICE = 64 * TILE_WIDTH


def write_tiles(stores: Stores, *, old_size: int, new_size: int) -> None:
    """Write the tiles and entry bundles by which the tree grows, durably.

    They show what is committed and nothing that is signed yet, so writing them
    again after a crash, from any smaller `old_size`, writes the same.

    Raises:
        IntegrityBreach: `leaf_differs`: a stored leaf does not have its hash;
            `tile_differs`, `tile_truncated`, `tile_missing`: a file is not ours.
    """
    start = old_size
    while start < new_size:
        # Slices end at full tiles of level 0, so no bundle is written twice.
        stop = min((start // TILE_WIDTH) * TILE_WIDTH + _SLICE, new_size)
        with no_search():
            _write_slice(stores, start, stop)
        start = stop


def _write_slice(stores: Stores, start: int, stop: int) -> None:
    first = (start // TILE_WIDTH) * TILE_WIDTH
    entries, hashes = _read_entries(first, stop)
    tiles = grow_tiles(
        old_size=start,
        leaf_hashes=hashes[start - first :],
        read=stores.files.read_tile,
    )
    for bundle in changed_bundles(old_size=start, new_size=stop):
        at = bundle.index * TILE_WIDTH - first
        tiles[bundle] = format_bundle(entries[at : at + bundle.width])
    stores.files.write_tiles(tiles)


def write_recalls(stores: Stores, *, old_size: int, new_size: int) -> None:
    """Publish the recalls whose leaves lie between two sizes, durably.

    As with tiles: what they say is committed for good, and writing them again after a
    crash, from any smaller `old_size`, writes the same.

    Raises:
        IntegrityBreach: `recall_differs`: a file is not ours.
    """
    for statement_id in ledger.list_published(start=old_size, stop=new_size):
        data = queries.build_recall_file(statement_id)
        if data is not None:
            stores.files.write_recall(statement_id, data)


def write_anchors(stores: Stores, *, old_size: int, new_size: int) -> None:
    """Publish the tokens behind the anchor receipts between two sizes, durably.

    As with recalls: again, after a crash, it writes the same.

    Raises:
        IntegrityBreach: `anchor_lost`: a leaf has no token here; `anchor_differs`: a
            file is not ours.
    """
    for leaf in ledger.list_anchor_leaves(start=old_size, stop=new_size):
        files = queries.build_anchor_files(leaf)
        if files is None:
            raise IntegrityBreach("anchor_lost", field=f"leaf {leaf.index}")
        for name, data in files.items():
            stores.files.write_anchor(name, data)


def _read_entries(start: int, stop: int) -> tuple[list[bytes], list[bytes]]:
    """The entries as the rows hold them, and their hashes, each held to the stored."""
    entries, hashes = [], []
    for index, (found, stored, entry) in enumerate(
        ledger.list_entries(start=start, stop=stop), start
    ):
        digest = leaf_hash(entry)
        if found != index or digest != stored:
            raise IntegrityBreach("leaf_differs", field=f"leaf {index}")
        entries.append(entry)
        hashes.append(digest)
    if len(entries) != stop - start:
        raise IntegrityBreach("leaf_missing", field=f"leaf {start + len(entries)}")
    return entries, hashes


def verify_head(
    stores: Stores, *, locked: PublishedHead | None, head: Checkpoint
) -> None:
    """Check a committed head by the files that outsiders will read.

    1. The last entry, re-read, is a map-root leaf with the head's map root.
    2. It is included under the head's root at the last index.
    3. The head only appends to the one signed before.

    Raises:
        ProofError: a proof does not hold; nothing may be signed.
        IntegrityBreach: the last entry is not the map root, or a file is not whole.
    Source: DESIGN section 7, step 3; verifier half of `core.merkle` only.
    """
    size, root = head.size, bytes(head.root_hash)
    source = TileHashes(stores.files.read_tile, tree_size=size)
    # 1
    last = _last_entry(stores, size)
    if last[1] != LeafType.MAP_ROOT or last[-32:] != bytes(head.map_root):
        raise IntegrityBreach("map_root_differs", field=f"leaf {size - 1}")
    # 2
    verify_inclusion(
        leaf_hash=leaf_hash(last),
        index=size - 1,
        tree_size=size,
        path=inclusion_path(source, index=size - 1, tree_size=size),
        root_hash=root,
    )
    # 3
    if locked is not None:
        verify_consistency(
            old_size=locked.size,
            new_size=size,
            old_root=locked.root_hash,
            new_root=root,
            path=consistency_path(source, old_size=locked.size, new_size=size),
        )


def _last_entry(stores: Stores, size: int) -> bytes:
    index, width = divmod(size - 1, TILE_WIDTH)
    entries = parse_bundle(stores.files.read_tile(ENTRIES, index, width + 1))
    if len(entries) <= width or len(entries[width]) != LEAF_SIZE:
        raise IntegrityBreach("bundle_truncated", field=f"leaf {size - 1}")
    return entries[width]


def sign_head(
    stores: Stores, *, locked: PublishedHead | None, head: Checkpoint, at: datetime
) -> PublishedHead:
    """Sign a verified head and put the note into the lock store, by compare-and-swap.

    Raises:
        LedgerConflict: `lock_store_moved`: another sequencer signed meanwhile.
    """
    note = sign_checkpoint(
        Head(stores.signers[0].name, head.size, bytes(head.root_hash)),
        stores.signers,
        time_seconds=int(at.timestamp()),
    ).format()
    stores.lock.swap(expected=locked.note if locked else None, note=note)
    return queries.read_head(note)


def record_note(head: PublishedHead, *, at: datetime) -> None:
    """Keep the locked note with its checkpoint; again does nothing."""
    if SignedNote.objects.filter(checkpoint_id=head.size).exists():
        return
    try:
        with transaction.atomic():
            SignedNote.objects.create(
                checkpoint_id=head.size, note=head.note.decode(), signed_at=at
            )
    except IntegrityError:
        # Another sequencer recorded the same note; there is only one in the store.
        return


def publish_head(stores: Stores, head: PublishedHead) -> None:
    """Publish the locked note, verbatim, and drop partial files that it outgrew."""
    # Also where the head is published already: it may have been changed since, or the
    # site has another address now.
    stores.files.publish_policy(build_policy(stores.keys).format())
    before = stores.files.read_checkpoint()
    if before == head.note:
        return
    stores.files.publish_checkpoint(head.note)
    for tile in _outgrown(_size_of(before), head.size):
        stores.files.drop_partials(tile)


def _size_of(note: bytes | None) -> int:
    try:
        return queries.read_head(note).size if note else 0
    except MalformedInput:
        # A torn file is replaced like a missing one; verify_stores tells it apart.
        return 0


def _outgrown(old_size: int, new_size: int) -> Iterable[Tile]:
    """The tiles that became full between two sizes and may have partial files."""
    grown = [
        *changed_tiles(old_size=old_size, new_size=new_size),
        *changed_bundles(old_size=old_size, new_size=new_size),
    ]
    return [tile for tile in grown if tile.width == TILE_WIDTH]

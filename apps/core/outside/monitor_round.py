"""One round of a monitor: what the log shows now, against all it showed before.

1. The checkpoint is signed by a log of the policy and cosigned by its quorum.
2. It goes on from the last one that was shown: not smaller, no other root at one
   size, and the larger tree begins with the smaller one.
3. The entries have the form of leaves, and the tiles are the hashes of these entries.
4. Both lead to the signed root.
5. Every leaf is what it must be, every map root the root over the leaves before it,
   and the last leaf is one (see `monitor_judge`).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ..checkpoint import Checkpoint, SignedCheckpoint
from ..errors import (
    IntegrityBreach,
    ProofError,
    TraceError,
    Unavailable,
    UntrustedSignature,
)
from ..note import Note
from ..policy import Policy, open_trusted_checkpoint
from ..tiles import (
    TILE_WIDTH,
    Tile,
    TileHashes,
    changed_bundles,
    grow_tiles,
)
from ..tree import root_of
from .monitor_http import LogFiles
from .monitor_judge import judge_leaves
from .monitor_map import HeadMap
from .monitor_state import Evidence, MonitorState, ShownHead
from .monitor_tiles import ServedTiles, read_checkpoint, split_bundle
from .monitor_tree import (
    edge_reader,
    edges_of,
    root_of_edges,
    verify_growth,
    verify_root,
)

# Leaves that are fetched, judged and saved together: 8 MB of entries, and whole tiles.
SLICE: Final = 256 * TILE_WIDTH


@dataclass(frozen=True, slots=True)
class Round:
    """What a round found true.

    Args:
        new_leaves: how many were judged in this round.
        time_ms: the log's own time of the last leaf.
        witnesses: the policy's names of those whose cosignatures verified.
    """

    head: Checkpoint
    new_leaves: int
    tags: int
    time_ms: int
    witnesses: tuple[str, ...]


class Monitor:
    """Follows one log; goes on from what `state` remembers.

    Raises:
        IntegrityBreach: `state_damaged`: the state contradicts itself. Without this
            the log would be blamed for a bad disk of ours.
    """

    def __init__(self, files: LogFiles, *, policy: Policy, state: MonitorState) -> None:
        self._files = files
        self._policy = policy
        self._state = state
        self._place = state.get_place()
        self._edges = state.get_edges()
        self._heads = HeadMap(state)
        self._verify_state()

    def follow(self, *, now_ms: int) -> Round:
        """One round.

        Raises:
            Unavailable: something did not come; nothing is said of the log.
            TraceError: the first lie. It is in the state as evidence, and
                `extra["evidence"]` holds it. The monitor is not to be used again.
        """
        before = self._newest_note()
        now = None
        try:
            now = read_checkpoint(self._files)
            return self._follow(now, now_ms)
        except (Unavailable, IntegrityBreach):
            raise
        except TraceError as refusal:
            before = refusal.extra.pop("before", before)
            evidence = Evidence(now_ms, f"{refusal.code}: {refusal}", before, now)
            self._state.keep_evidence(evidence)
            refusal.extra["evidence"] = evidence
            raise

    def _follow(self, note: bytes, now_ms: int) -> Round:
        # 1
        signed = open_trusted_checkpoint(note, self._policy)
        head, start = signed.checkpoint, self._place.size
        # 2
        self._compare(head)
        self._state.keep_shown(ShownHead(head.tree_size, now_ms, note))
        served = ServedTiles(self._files, newest_size=head.tree_size)
        shown = self._state.list_shown()
        for each in shown[:-1]:
            _verify_begins(head, each, served)
        # 3 to 5
        for each in shown:
            self._reach(_head_of(each.note), served)
        self._state.drop_shown_below(head.tree_size)
        return self._round(signed, self._place.size - start)

    def _verify_state(self) -> None:
        size, roots = self._place.size, {self._heads.root()}
        roots.add(self._state.get_map_root())
        heads = [_head_of(shown.note) for shown in self._state.list_shown()]
        if len(roots) > 1 or any(
            head.root_hash != root_of_edges(self._edges, size)
            for head in heads
            if head.tree_size == size
        ):
            raise IntegrityBreach("state_damaged", field="state")

    def _round(self, signed: SignedCheckpoint, new_leaves: int) -> Round:
        return Round(
            head=signed.checkpoint,
            new_leaves=new_leaves,
            tags=self._heads.tags,
            time_ms=self._place.time_ms,
            witnesses=tuple(sorted(self._policy.cosigned_names(signed))),
        )

    def _newest_note(self) -> bytes | None:
        shown = self._state.list_shown()
        return shown[-1].note if shown else None

    def _compare(self, head: Checkpoint) -> None:
        """Check `head` beside the newest one that was shown before."""
        note = self._newest_note()
        if note is None:
            return
        last = _head_of(note)
        if head.origin != last.origin:
            raise UntrustedSignature(
                "unknown_origin", field="checkpoint.origin", got=head.origin
            )
        if head.tree_size < last.tree_size:
            raise ProofError(
                "log_rolled_back", got=head.tree_size, wanted=f"{last.tree_size} leaves"
            )
        if head.tree_size == last.tree_size and head.root_hash != last.root_hash:
            raise _fork(head, last)

    def _reach(self, head: Checkpoint, served: ServedTiles) -> None:
        while self._place.size < head.tree_size:
            whole = (self._place.size // SLICE + 1) * SLICE
            self._judge(min(whole, head.tree_size), head, served)
        if self._place.size == head.tree_size:
            verify_root(root_of_edges(self._edges, head.tree_size), head)

    def _judge(self, size: int, head: Checkpoint, served: ServedTiles) -> None:
        """The leaves up to `size`, judged and saved, or nothing."""
        # 3
        entries, hashes = self._read_entries(size, served)
        tiles = grow_tiles(
            old_size=self._place.size,
            leaf_hashes=hashes,
            read=edge_reader(self._edges),
        )
        _verify_tiles(tiles, served, is_end=size == head.tree_size)
        # 4
        edges = edges_of(self._edges, tiles, size)
        if size == head.tree_size:
            verify_root(root_of_edges(edges, size), head)
        else:
            tree = TileHashes(served.read, tree_size=head.tree_size)
            verify_growth(size, root_of_edges(edges, size), head, tree)
        # 5
        place = judge_leaves(
            zip(entries, hashes, strict=True), place=self._place, heads=self._heads
        )
        if size == head.tree_size and place.is_run_open:
            raise ProofError("map_root_not_last", field=f"leaf {size - 1}")
        map_root = self._heads.root()
        unsaved = self._heads.list_unsaved()
        self._state.save(place, edges=edges, map_root=map_root, heads=unsaved)
        self._heads.forget_saved()
        self._place, self._edges = place, edges

    def _read_entries(
        self, size: int, served: ServedTiles
    ) -> tuple[list[bytes], list[bytes]]:
        """The entries from our place up to `size`, and their leaf hashes.

        The first bundle may begin with entries that were judged before.
        """
        bundles = [*changed_bundles(old_size=self._place.size, new_size=size)]
        entries = [
            entry
            for tile, data in zip(bundles, served.read_many(bundles), strict=True)
            for entry in split_bundle(tile, data)
        ]
        hashes = [sha256(b"\0" + entry).digest() for entry in entries]
        known = self._place.size % TILE_WIDTH
        if b"".join(hashes[:known]) != self._edges.get(0, b""):
            raise ProofError(
                "entry_differs", field=bundles[0].path, wanted="the entries of before"
            )
        return entries[known:], hashes[known:]


def _head_of(note: bytes) -> Checkpoint:
    return Checkpoint.parse(Note.parse(note).text)


def _fork(head: Checkpoint, last: Checkpoint) -> ProofError:
    return ProofError(
        "log_forked",
        got=f"{head.tree_size} leaves under {head.root_hash.hex()}",
        wanted=f"the {last.tree_size} leaves under {last.root_hash.hex()} first",
    )


def _verify_begins(head: Checkpoint, shown: ShownHead, served: ServedTiles) -> None:
    """Check that the tree under `head` begins with the one that was `shown`.

    Where the tiles lead to the one signed root and not to the other, that is a fork,
    and both notes prove it; where they lead to neither, the tiles are wrong.
    """
    last = _head_of(shown.note)
    tree = TileHashes(served.read, tree_size=head.tree_size)
    verify_root(root_of(tree, tree_size=head.tree_size), head)
    try:
        verify_growth(last.tree_size, last.root_hash, head, tree)
    except ProofError as error:
        fork = _fork(head, last)
        fork.extra["before"] = shown.note
        raise fork from error


def _verify_tiles(
    tiles: dict[Tile, bytes], served: ServedTiles, *, is_end: bool
) -> None:
    """Check that the log serves these tiles; partial ones only at a published size."""
    asked = [tile for tile in tiles if is_end or tile.width == TILE_WIDTH]
    for tile, data in zip(asked, served.read_many(asked), strict=True):
        if data != tiles[tile]:
            raise ProofError(
                "tile_differs", field=tile.path, wanted="the hashes of the entries"
            )

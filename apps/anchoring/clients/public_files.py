"""The public log as files: a checkpoint, and what never changes.

Tiles, bundles, recalls, and the receipts of anchors with their tokens.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from apps.anchoring.clients.files import (
    create_files,
    drop_drafts,
    make_folder,
    read_file,
    replace_file,
    sync_folders,
)
from apps.core.errors import IntegrityBreach
from apps.core.tiles import TILE_WIDTH, Tile

_RECALLS = "recalls"
_ANCHORS = "anchors"
_SWEPT: set[Path] = set()  # roots that this process cleared of drafts


class PublicFiles:
    """The folder that is served below /log/."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path_of(self, name: str) -> Path:
        """Where `checkpoint`, `policy` or a tile's path lies."""
        return self._root / name

    def find_tile(self, tile: Tile) -> bytes | None:
        """The bytes of exactly this tile or bundle; None if it is not there."""
        return read_file(self._root / tile.path)

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """A tile, or the full one that took its place (`tiles.ReadTile`).

        Raises:
            IntegrityBreach: `tile_missing`.
        """
        for wanted in {width: 0, TILE_WIDTH: 0}:
            data = self.find_tile(Tile(level, index, wanted))
            if data is not None:
                return data
        raise IntegrityBreach("tile_missing", field=Tile(level, index, width).path)

    def write_tiles(self, tiles: Mapping[Tile, bytes]) -> None:
        """Write tiles and bundles, durably; what is there must be the same.

        Raises:
            IntegrityBreach: `tile_differs`: the log would contradict itself.
        """
        files = {self._root / tile.path: data for tile, data in tiles.items()}
        folders = dict.fromkeys(path.parent for path in files)
        for folder in folders:
            make_folder(folder)
            if self._root not in _SWEPT:
                # Of an earlier process, which stopped while it wrote these tiles: only
                # who holds the lock store comes here.
                drop_drafts(folder)
        _SWEPT.add(self._root)
        for path in create_files(files):
            if path.read_bytes() != files[path]:
                name = str(path.relative_to(self._root))
                raise IntegrityBreach("tile_differs", field=name)
        sync_folders(folders)

    def find_recall(self, statement_id: str) -> bytes | None:
        """The file of a recall statement; None if it is not there."""
        return read_file(self._root / _RECALLS / statement_id)

    def list_recalls(self) -> list[str]:
        """The statement ids that have a file, in order."""
        # What begins with a dot is the rest of a write that a crash cut short.
        paths = (self._root / _RECALLS).glob("[!.]*")
        return sorted(path.name for path in paths)

    def write_recall(self, statement_id: str, data: bytes) -> None:
        """Write the file of a recall, durably; what is there must be the same.

        Raises:
            IntegrityBreach: `recall_differs`: the log would contradict itself.
        """
        name = f"{_RECALLS}/{statement_id}"
        if not self._write_once(name, data):
            raise IntegrityBreach("recall_differs", field=name)

    def find_anchor(self, name: str) -> bytes | None:
        """A file of an anchor receipt, `17.json` or `17.tsr`; None if not there."""
        return read_file(self._root / _ANCHORS / name)

    def list_anchors(self) -> list[str]:
        """The names of all files of anchor receipts, in order."""
        paths = (self._root / _ANCHORS).glob("[!.]*")
        return sorted(path.name for path in paths)

    def write_anchor(self, name: str, data: bytes) -> None:
        """Write a file of an anchor receipt, durably; what is there must be the same.

        Raises:
            IntegrityBreach: `anchor_differs`: the log would contradict itself.
        """
        if not self._write_once(f"{_ANCHORS}/{name}", data):
            raise IntegrityBreach("anchor_differs", field=f"{_ANCHORS}/{name}")

    def _write_once(self, name: str, data: bytes) -> bool:
        """Create a file, durably; False where it is there with other bytes."""
        path = self._root / name
        make_folder(path.parent)
        is_ours = not create_files({path: data}) or path.read_bytes() == data
        sync_folders([path.parent])
        return is_ours

    def list_partials(self, tile: Tile) -> list[Tile]:
        """The partial files of a tile or bundle that are there, the shortest first."""
        folder = self._root / f"{Tile(tile.level, tile.index).path}.p"
        if not folder.is_dir():
            return []
        widths = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
        return [Tile(tile.level, tile.index, width) for width in sorted(widths)]

    def drop_partials(self, tile: Tile) -> None:
        """Delete the partial files of a tile whose full file is published."""
        full = Tile(tile.level, tile.index)
        partials = self._root / f"{full.path}.p"
        if self.find_tile(full) is not None and partials.is_dir():
            shutil.rmtree(partials)

    def read_checkpoint(self) -> bytes | None:
        """The published note; None before the first."""
        return read_file(self._root / "checkpoint")

    def publish_checkpoint(self, note: bytes) -> None:
        """Publish a note whose tiles are all there."""
        replace_file(self._root / "checkpoint", note)

    def publish_policy(self, policy: bytes) -> None:
        """Publish the keys by which readers know this log."""
        if read_file(self._root / "policy") != policy:
            replace_file(self._root / "policy", policy)

    def read_policy(self) -> bytes | None:
        """The published policy; None before the first checkpoint."""
        return read_file(self._root / "policy")


def public_files() -> PublicFiles:
    """The folder that the settings name."""
    return PublicFiles(Path(settings.LOG_DIR))

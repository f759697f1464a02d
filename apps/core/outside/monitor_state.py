"""What a monitor remembers: heads it was shown, how far it judged, and the lies."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from ..map import EMPTY_MAP
from .monitor_judge import Place
from .monitor_map import Head

# A log whose tiles stay away, or that lies again and again, fills no disk.
_MOST_HEADS: Final = 1_000
_MOST_EVIDENCE: Final = 1_000
_BUSY_SECONDS: Final = 10

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS place (
    id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL,
    time_ms BLOB NOT NULL, is_run_open INTEGER NOT NULL, map_root BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS edge (
    level INTEGER PRIMARY KEY, hashes BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS tag (
    tag BLOB PRIMARY KEY, count INTEGER NOT NULL, leaf_hash BLOB NOT NULL,
    last_index INTEGER NOT NULL, is_erasable INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shown (
    size INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, note BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS evidence (
    at_ms INTEGER NOT NULL, refusal TEXT NOT NULL, before BLOB, now BLOB
) STRICT;
"""


class ShownHead(NamedTuple):
    """A head that the log signed and showed: when first, and the note itself."""

    size: int
    at_ms: int
    note: bytes


class Evidence(NamedTuple):
    """A lie: what was refused, the head shown before, and the one shown then."""

    at_ms: int
    refusal: str
    before: bytes | None
    now: bytes | None


class MonitorState:
    """One SQLite file, held by one monitor at a time.

    Raises:
        sqlite3.Error: from every call: it is held by another, full, or no state.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None
        )
        try:
            # What was shown once must be known after a power cut, too.
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            with self._writing():
                for table in _TABLES.split(";")[:-1]:
                    self._database.execute(table)
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def get_place(self) -> Place:
        """How far the leaves were judged."""
        row = self._database.execute(
            "SELECT size, time_ms, is_run_open FROM place"
        ).fetchone()
        if row is None:
            return Place()
        return Place(row[0], int.from_bytes(row[1], "big"), bool(row[2]))

    def get_map_root(self) -> bytes:
        """The root over the saved heads when they were saved."""
        row = self._database.execute("SELECT map_root FROM place").fetchone()
        return EMPTY_MAP if row is None else bytes(row[0])

    def get_edges(self) -> dict[int, bytes]:
        """The partial tile at the right edge of each level that has one."""
        return dict(self._database.execute("SELECT level, hashes FROM edge"))

    def count_heads(self) -> int:
        """How many tags have a saved head."""
        return int(self._database.execute("SELECT count(*) FROM tag").fetchone()[0])

    def list_heads(self, first: bytes, last: bytes) -> Iterator[tuple[bytes, Head]]:
        """The saved heads of a range of tags, ascending."""
        for tag, count, leaf_hash, last_index, is_erasable in self._database.execute(
            "SELECT * FROM tag WHERE tag BETWEEN ? AND ? ORDER BY tag", (first, last)
        ):
            yield tag, (count, leaf_hash, last_index, bool(is_erasable))

    def save(
        self,
        place: Place,
        *,
        edges: Mapping[int, bytes],
        map_root: bytes,
        heads: Iterable[tuple[bytes, Head]],
    ) -> None:
        """Remember, in one step, that all leaves up to `place` were judged."""
        rows = [(tag, *head) for tag, head in heads]
        rows.sort()  # neighbours share a page
        with self._writing():
            self._database.execute(
                "INSERT OR REPLACE INTO place VALUES (1, ?, ?, ?, ?)",
                (
                    place.size,
                    place.time_ms.to_bytes(8, "big"),
                    place.is_run_open,
                    map_root,
                ),
            )
            self._database.execute("DELETE FROM edge")
            self._database.executemany("INSERT INTO edge VALUES (?, ?)", edges.items())
            self._database.executemany(
                "INSERT OR REPLACE INTO tag VALUES (?, ?, ?, ?, ?)", rows
            )

    def keep_shown(self, shown: ShownHead) -> None:
        """Remember a head; of one size the newest note and the first time."""
        with self._writing():
            self._database.execute(
                "INSERT INTO shown VALUES (?, ?, ?)"
                " ON CONFLICT (size) DO UPDATE SET note = excluded.note",
                shown,
            )
            # The oldest and the newest say most; one of the middle goes.
            self._database.execute(
                "DELETE FROM shown WHERE (SELECT count(*) FROM shown) > ? AND size ="
                " (SELECT size FROM shown ORDER BY size DESC LIMIT 1 OFFSET 1)",
                (_MOST_HEADS,),
            )

    def list_shown(self) -> list[ShownHead]:
        """The last head whose leaves were judged, and all later ones, ascending."""
        rows = "SELECT size, at_ms, note FROM shown ORDER BY size"
        return [ShownHead(*row) for row in self._database.execute(rows)]

    def drop_shown_below(self, size: int) -> None:
        """Forget the heads of smaller trees: the leaves under `size` were judged."""
        with self._writing():
            self._database.execute("DELETE FROM shown WHERE size < ?", (size,))

    def keep_evidence(self, evidence: Evidence) -> None:
        """Remember a lie."""
        with self._writing():
            if self.count_evidence() < _MOST_EVIDENCE:
                self._database.execute(
                    "INSERT INTO evidence VALUES (?, ?, ?, ?)", evidence
                )

    def count_evidence(self) -> int:
        """How many lies are on record."""
        return int(
            self._database.execute("SELECT count(*) FROM evidence").fetchone()[0]
        )

    def list_evidence(self) -> list[Evidence]:
        """The lies on record, oldest first."""
        rows = "SELECT * FROM evidence ORDER BY rowid"
        return [Evidence(*row) for row in self._database.execute(rows)]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

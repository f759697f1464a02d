"""What a witness remembers: the last checkpoint of each log, and proof of lies."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from ..checkpoint import Checkpoint
from ..errors import LedgerConflict, ProofError, TraceError
from ..note import Note, NoteSignature
from ..notekey import SignerKey, VerifierKey
from ..witness import AddCheckpoint, verify_growth

# A log that lies again and again proves nothing new.
_MOST_EVIDENCE: Final = 1_000
_BUSY_SECONDS: Final = 10

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS latest (
    origin_hash TEXT PRIMARY KEY, note BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS evidence (
    digest BLOB PRIMARY KEY, at INTEGER NOT NULL, refusal TEXT NOT NULL,
    request BLOB NOT NULL, latest BLOB
) STRICT;
"""


def origin_hash(origin: str) -> str:
    """The lowercase hex SHA-256 under which a log's checkpoint is served."""
    return sha256(origin.encode()).hexdigest()


class WitnessState:
    """One SQLite file; every call has a connection of its own, so threads may share.

    Deleting the file makes the witness forget what it promised: retire its keys.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as database:
            database.executescript(_TABLES)

    def cosign(
        self,
        request: AddCheckpoint,
        *,
        log_keys: Sequence[VerifierKey],
        signers: Sequence[SignerKey],
        time_seconds: int,
    ) -> tuple[NoteSignature, ...]:
        """Check `request` and remember it in one step; the cosignatures.

        A refused checkpoint that the log signed is kept: it may prove a fork.

        Raises:
            as `verify_growth`; nothing is remembered then.
        """
        origin = Checkpoint.parse(Note.parse(request.note).text).origin
        note = None
        try:
            with self._open() as database:
                # IMMEDIATE: nobody else is between our look and our write.
                database.execute("BEGIN IMMEDIATE")
                note = _find(database, origin_hash(origin))
                signed = verify_growth(request, log_keys=log_keys, latest=_head(note))
                text = signed.note.text
                lines = tuple(
                    signer.sign(text, time_seconds=time_seconds) for signer in signers
                )
                kept = Note(text, (*signed.log_signatures, *lines)).format()
                database.execute(
                    "INSERT OR REPLACE INTO latest VALUES (?, ?)",
                    (origin_hash(origin), kept),
                )
                database.execute("COMMIT")
        except (LedgerConflict, ProofError) as refusal:
            if _may_prove_a_lie(request, note, refusal):
                self._keep_evidence(request, note, refusal.code, time_seconds)
            raise
        return lines

    def find_note(self, hashed: str) -> bytes | None:
        """The last cosigned note of the log with this origin hash."""
        with self._open() as database:
            return _find(database, hashed)

    def list_evidence(self) -> list[tuple[int, str, bytes, bytes | None]]:
        """Refused requests: time, code, the request, and what was known then."""
        with self._open() as database:
            rows = "SELECT at, refusal, request, latest FROM evidence ORDER BY at"
            return list(database.execute(rows))

    def _keep_evidence(
        self, request: AddCheckpoint, note: bytes | None, code: str, time_seconds: int
    ) -> None:
        body = request.format()
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            (count,) = database.execute("SELECT count(*) FROM evidence").fetchone()
            if count < _MOST_EVIDENCE:
                database.execute(
                    "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?, ?)",
                    (sha256(body).digest(), time_seconds, code, body, note),
                )
            database.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None
        )
        try:
            # A cosignature must not outlive the memory of it, even in a power cut.
            database.execute("PRAGMA synchronous = FULL")
            yield database
        finally:
            database.close()  # an open transaction is rolled back


def _find(database: sqlite3.Connection, hashed: str) -> bytes | None:
    row = database.execute(
        "SELECT note FROM latest WHERE origin_hash = ?", (hashed,)
    ).fetchone()
    return None if row is None else bytes(row[0])


def _head(note: bytes | None) -> Checkpoint | None:
    return None if note is None else Checkpoint.parse(Note.parse(note).text)


def _may_prove_a_lie(
    request: AddCheckpoint, note: bytes | None, refusal: TraceError
) -> bool:
    """Whether a signed head that was refused is worth keeping.

    A proof that fails is; so is a head not above ours that is not ours. Whoever
    only asks for our size (old 0, a larger head) tells nothing.
    """
    latest = _head(note)
    head = Checkpoint.parse(Note.parse(request.note).text)
    return isinstance(refusal, ProofError) or (
        latest is not None
        and head.tree_size <= latest.tree_size
        and head.root_hash != latest.root_hash
    )

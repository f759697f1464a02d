"""A site in a folder of its own, whose deeds are processes; it can be set back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from apps.core.checkpoint import Checkpoint
from apps.core.note import Note
from tests.faults.databases import PostgreSql, Sqlite
from tests.faults.process import Ended, Parent

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")
SIGNED = "signed-heads"
# What a backup may hold, by part. The keys are no part of any.
PARTS = {
    "database": (),
    "lock store": ("lockstore",),
    "files": ("log-public", "uploads"),
    "signed": (SIGNED,),
}


class Site:
    """One ledger.

    Args:
        folder: where all of its files lie.
        postgresql: the server, if its rows are to stand there.
        policy: the witnesses that must cosign.
    """

    def __init__(
        self, folder: Path, *, postgresql: str = "", policy: Path | None = None
    ) -> None:
        self.folder = folder
        self.log = folder / "log-public"
        self.lock = folder / "lockstore"
        self.database = PostgreSql(postgresql) if postgresql else Sqlite(folder)
        self.policy = policy
        self.said: list[str] = []  # every statement that was accepted
        self._said: dict[str, list[str]] = {}  # the same, by copy
        self.parent = Parent(self.environment())

    def environment(self) -> dict[str, str]:
        """What a process of this site knows, and nothing of the tests' own."""
        inherited = {name: os.environ[name] for name in _KEPT if name in os.environ}
        own = {"VAR_DIR": str(self.folder), "DEMO": "0", "LOG_LEVEL": "CRITICAL"}
        if self.policy:
            own["WITNESS_POLICY"] = str(self.policy)
        return inherited | own | self.database.environment()

    def do(self, deed: str, *words: Any) -> Any:
        """What a process says that must not fail."""
        return self.parent.do(deed, *words)

    def run(self, deed: str, *words: Any, faults: Sequence[Any] = ()) -> Ended:
        """A process from its start to its end, whatever that is."""
        return self.parent.run(deed, *words, faults=faults)

    def keep(self, name: str, *, only: Iterable[str] = PARTS) -> None:
        """Keep a copy of these parts under `name`."""
        copy = self._copy(name)
        copy.mkdir(parents=True)
        self._said[name] = list(self.said)
        for part in only:
            for each in PARTS[part]:
                _replace(copy / each, self.folder / each)
        if "database" in only:
            self.database.keep(copy)

    def put_back(self, name: str, *, only: Iterable[str] = PARTS) -> None:
        """Let these parts be what was kept under `name`."""
        self.said = list(self._said[name])
        for part in only:
            for each in PARTS[part]:
                _replace(self.folder / each, self._copy(name) / each)
        if "database" in only:
            self.database.put_back(self._copy(name))

    def lock_note(self) -> bytes | None:
        """What the lock store holds."""
        return self.lock.read_bytes() if self.lock.exists() else None

    def signed_heads(self) -> list[Checkpoint]:
        """Every head that was ever signed, published or not."""
        path = self.folder / SIGNED
        lines = path.read_text().splitlines() if path.exists() else []
        return [
            Checkpoint.parse(Note.parse(json.loads(line).encode()).text)
            for line in lines
        ]

    def end(self) -> None:
        """Leave no process and no database behind."""
        self.parent.end()
        self.database.end()

    def _copy(self, name: str) -> Path:
        return self.folder / "copies" / name


def _replace(target: Path, source: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copy2(source, target)

"""The last signed head, kept outside the database: it stops a log from forking.

A restored or forked database cannot take the lock store back with it. One host keeps
it in a file; on several hosts that file must be on a shared disk.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from apps.anchoring.clients.files import make_folder, read_file, replace_file
from apps.core.errors import LedgerConflict


class LockStore:
    """The file with the last signed note."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """Which store it is."""
        return str(self._path)

    def read(self) -> bytes | None:
        """The last note that was signed; None before the first."""
        return read_file(self._path)

    def swap(self, *, expected: bytes | None, note: bytes) -> None:
        """Replace `expected` by `note`, durably.

        Raises:
            LedgerConflict: `lock_store_moved`: it holds something else by now.
        """
        if self.read() != expected:
            raise LedgerConflict("lock_store_moved", field="lock store")
        replace_file(self._path, note)

    @contextmanager
    def holding(self) -> Iterator[bool]:
        """Hold the store against every other sequencer; False if one has it."""
        make_folder(self._path.parent)
        guard = self._path.with_name(f"{self._path.name}.guard")
        handle = os.open(guard, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(handle)


def lock_store() -> LockStore:
    """The store that the settings name."""
    return LockStore(Path(settings.LOCK_STORE))

"""Writing files that survive a power cut: temporary, fsync, rename, fsync folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

_MODE = 0o644


def replace_file(path: Path, data: bytes) -> None:
    """Set the content of `path` so that a crash leaves the old or the new, whole."""
    make_folder(path.parent)
    temporary = _write_temporary(path, data)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folders([path.parent])


def create_file(path: Path, data: bytes) -> bool:
    """Create `path` with its content; False, and nothing done, if it is there.

    The caller syncs the folder, once for many files.
    """
    temporary = _write_temporary(path, data)
    try:
        # Unlike rename, link never takes the place of a file.
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def make_folder(path: Path) -> None:
    """Create a folder and those above it, durably."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folders([path.parent])


def sync_folders(paths: Iterable[Path]) -> None:
    """Make the names within these folders durable."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_file(path: Path) -> bytes | None:
    """The content of `path`; None if there is no such file."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _write_temporary(path: Path, data: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), _MODE)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary

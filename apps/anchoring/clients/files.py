"""Writing files that survive a power cut: temporary, fsync, rename, fsync folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MODE: Final = 0o644
_DRAFT: Final = ".new-"
# From so many files on a disk is asked to sync several at once: it answers sixteen in
# the time of two. The few of a quiet second are not worth a thread.
MANY: Final = 16
_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class _Draft:
    """A file for `path`, written under a temporary name beside it, open."""

    path: Path
    temporary: Path
    handle: int


def replace_file(path: Path, data: bytes) -> None:
    """Set the content of `path` so that a crash leaves the old or the new, whole."""
    make_folder(path.parent)
    draft = _write_temporary(path, data)
    try:
        _sync([draft])
        draft.temporary.replace(path)
    except OSError:
        draft.temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(draft.handle)
    sync_folders([path.parent])


def create_files(files: Mapping[Path, bytes]) -> list[Path]:
    """Create each file with its content; the paths that are there, left as they were.

    No file gets its name before the content of all is durable. The caller makes the
    folders, and syncs them afterwards, once for all names.
    """
    with ExitStack() as drafted:
        drafts = []
        for path, data in files.items():
            draft = _write_temporary(path, data)
            drafted.callback(draft.temporary.unlink, missing_ok=True)
            drafted.callback(os.close, draft.handle)
            drafts.append(draft)
        _sync(drafts)
        return [draft.path for draft in drafts if not _give_name(draft)]


def drop_drafts(folder: Path) -> None:
    """Delete what a crash left of files that were being written in `folder`."""
    for path in folder.glob(f"{_DRAFT}*"):
        path.unlink(missing_ok=True)


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


def _write_temporary(path: Path, data: bytes) -> _Draft:
    """A draft of `path` with all of `data`, not durable yet."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_DRAFT)
    try:
        os.fchmod(handle, _MODE)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
    except OSError:
        os.close(handle)
        Path(name).unlink(missing_ok=True)
        raise
    return _Draft(path, Path(name), handle)


def _sync(drafts: Sequence[_Draft]) -> None:
    """Make the content of all drafts durable."""
    handles = [draft.handle for draft in drafts]
    if len(handles) < MANY:
        for handle in handles:
            os.fsync(handle)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        # A list, so that what any of them met is raised here.
        list(pool.map(os.fsync, handles))


def _give_name(draft: _Draft) -> bool:
    """Name a draft as it shall be; False, and nothing done, if there is such a file."""
    try:
        # Unlike rename, link never takes the place of a file.
        os.link(draft.temporary, draft.path)
    except FileExistsError:
        return False
    return True

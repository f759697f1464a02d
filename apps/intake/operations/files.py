"""Files on their way through: kept by digest until they are signed or refused.

The name that the sender gave is shown and never used as a path.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from django.conf import settings

from apps.core.errors import MalformedInput
from apps.intake.models import OPEN_STATES, Upload

_KEEP_STRAY = timedelta(hours=1)  # a file whose upload was never written


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies safely on disk, for one upload alone.

    Args:
        upload_id: of the upload that will be written for it.
        digest: SHA-256, 64 hex digits.
    """

    upload_id: UUID
    name: str
    digest: str
    size_bytes: int

    @property
    def path(self) -> Path:
        """Where it lies."""
        return _path(self.digest, self.upload_id)


def store_file(*, name: str, chunks: Iterable[bytes]) -> StoredFile:
    """Write the file once, whole and flushed, under its digest.

    Raises:
        MalformedInput: `empty` or `too_large` (settings.UPLOAD_LIMIT_BYTES).
        OSError: the disk is full.
    """
    directory = make_directory()
    handle, temporary = tempfile.mkstemp(prefix="part-", dir=directory)
    try:
        with os.fdopen(handle, "wb") as file:
            digest, size_bytes = _copy(chunks, file)
            file.flush()
            os.fsync(file.fileno())
        stored = StoredFile(uuid4(), name, digest, size_bytes)
        Path(temporary).replace(stored.path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return stored


def verify_size(size_bytes: int) -> None:
    """Check a file's size before it comes.

    Raises:
        MalformedInput: `empty`, `too_large`.
    """
    if size_bytes < 1:
        raise _empty()
    if size_bytes > settings.UPLOAD_LIMIT_BYTES:
        raise _too_large(f"{size_bytes} bytes")


def sync_directory() -> None:
    """A file that was made stays after a power cut."""
    handle = os.open(_directory(), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_directory() -> Path:
    """Where files lie, made if it is not there."""
    directory = _directory()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def path_of(upload: Upload) -> Path:
    """Where the upload's file lies while it is open."""
    return _path(upload.file_digest, upload.id)


def remove_file(upload: Upload) -> None:
    """Delete the file of an upload that is closed."""
    path_of(upload).unlink(missing_ok=True)


def remove_strays(*, at: datetime) -> int:
    """Delete what a crash left behind: old files that no open upload needs."""
    needed = {
        path_of(upload).name for upload in Upload.objects.filter(state__in=OPEN_STATES)
    }
    removed = 0
    directory = _directory()
    for path in directory.iterdir() if directory.is_dir() else ():
        age = at.timestamp() - path.stat().st_mtime
        if age > _KEEP_STRAY.total_seconds() and path.name not in needed:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _path(digest: str, upload_id: UUID) -> Path:
    # Two uploads of one file have a copy each, so that closing one takes nothing
    # from the other.
    return _directory() / f"{digest}.{upload_id.hex}"


def _directory() -> Path:
    return Path(settings.UPLOAD_DIR)


def _copy(chunks: Iterable[bytes], file: IO[bytes]) -> tuple[str, int]:
    limit: int = settings.UPLOAD_LIMIT_BYTES
    digest, size_bytes = hashlib.sha256(), 0
    for chunk in chunks:
        size_bytes += len(chunk)
        if size_bytes > limit:
            raise _too_large(f"more than {limit} bytes")
        digest.update(chunk)
        file.write(chunk)
    if not size_bytes:
        raise _empty()
    return digest.hexdigest(), size_bytes


def _empty() -> MalformedInput:
    return MalformedInput(
        "empty", field="file", got="nothing", wanted="a file with serials"
    )


def _too_large(got: str) -> MalformedInput:
    return MalformedInput(
        "too_large",
        field="file",
        got=got,
        wanted=f"at most {settings.UPLOAD_LIMIT_BYTES} bytes",
    )

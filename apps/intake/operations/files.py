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

from django.conf import settings

from apps.core.errors import MalformedInput
from apps.intake.models import OPEN_STATES, Upload

_KEEP_STRAY = timedelta(hours=1)  # a file whose upload was never written


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies safely on disk.

    Args:
        digest: SHA-256, 64 hex digits; also its name.
    """

    name: str
    digest: str
    size_bytes: int


def store_file(*, name: str, chunks: Iterable[bytes]) -> StoredFile:
    """Write the file once, whole and flushed, under its digest.

    Raises:
        MalformedInput: `empty` or `too_large` (settings.UPLOAD_LIMIT_BYTES).
        OSError: the disk is full.
    """
    directory = _directory()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix="part-", dir=directory)
    try:
        with os.fdopen(handle, "wb") as file:
            digest, size_bytes = _copy(chunks, file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(directory / digest)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return StoredFile(name=name, digest=digest, size_bytes=size_bytes)


def path_of(digest: str) -> Path:
    """Where the file with this digest lies while it is needed."""
    return _directory() / digest


def remove_unneeded(*, digest: str) -> None:
    """Delete the file unless an open upload may have to be checked again."""
    if not _is_needed(digest):
        path_of(digest).unlink(missing_ok=True)


def remove_strays(*, at: datetime) -> int:
    """Delete what a crash left behind: old files that no open upload needs."""
    removed = 0
    directory = _directory()
    for path in directory.iterdir() if directory.is_dir() else ():
        age = at.timestamp() - path.stat().st_mtime
        if age > _KEEP_STRAY.total_seconds() and not _is_needed(path.name):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_needed(digest: str) -> bool:
    waiting = Upload.objects.filter(file_digest=digest, state__in=OPEN_STATES)
    return waiting.exists()


def _directory() -> Path:
    return Path(settings.UPLOAD_DIR)


def _copy(chunks: Iterable[bytes], file: IO[bytes]) -> tuple[str, int]:
    limit: int = settings.UPLOAD_LIMIT_BYTES
    digest, size_bytes = hashlib.sha256(), 0
    for chunk in chunks:
        size_bytes += len(chunk)
        if size_bytes > limit:
            raise MalformedInput(
                "too_large", field="file", wanted=f"at most {limit} bytes"
            )
        digest.update(chunk)
        file.write(chunk)
    if not size_bytes:
        raise MalformedInput("empty", field="file", wanted="a file with serials")
    return digest.hexdigest(), size_bytes

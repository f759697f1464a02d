"""Files of the packaging line: what was sent, events to be signed, labels to print.

They hold serials that nobody may guess: their folder is the site's own, and what is not
needed any more is taken away.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final
from uuid import UUID

from django.conf import settings

from apps.core.errors import MalformedInput
from apps.packaging.models import OPEN_STATES, Aggregation, LabelRun, RunState
from apps.packaging.queries.files import events_path, folder, run_path, sent_path

_KEEP_STRAY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies safely on disk: its size and its SHA-256, 64 hex digits."""

    size_bytes: int
    digest: str


def keep_file(path: Path, pieces: Iterable[bytes], *, limit: int = 0) -> Kept:
    """Write a file whole and flushed under its name, or nothing.

    Args:
        limit: most bytes that are taken; 0 for no limit.

    Raises:
        MalformedInput: `empty`, `too_large`.
        OSError: the disk is full.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix="part-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            kept = _copy(pieces, file, limit)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return kept


def _copy(pieces: Iterable[bytes], file: IO[bytes], limit: int) -> Kept:
    digest, size_bytes = hashlib.sha256(), 0
    for piece in pieces:
        size_bytes += len(piece)
        if limit and size_bytes > limit:
            raise MalformedInput(
                "too_large",
                field="file",
                got=f"more than {limit} bytes",
                wanted=f"at most {limit} bytes",
            )
        digest.update(piece)
        file.write(piece)
    if not size_bytes:
        raise MalformedInput(
            "empty", field="file", got="nothing", wanted="a file with something"
        )
    return Kept(size_bytes, digest.hexdigest())


def receive_file(aggregation_id: UUID, chunks: Iterable[bytes]) -> Kept:
    """Keep a file that somebody sends.

    Raises:
        MalformedInput: `empty`, `too_large` (settings.UPLOAD_LIMIT_BYTES).
        OSError: the disk is full.
    """
    path = sent_path(aggregation_id)
    return keep_file(path, chunks, limit=settings.UPLOAD_LIMIT_BYTES)


def remove_files(aggregation_id: UUID) -> None:
    """Delete what was sent and what was to be signed of a closed aggregation."""
    sent_path(aggregation_id).unlink(missing_ok=True)
    events_path(aggregation_id).unlink(missing_ok=True)


def remove_strays(*, at: datetime) -> int:
    """Delete old files that no open work and no run needs."""
    needed = {
        path(key).name
        for key in Aggregation.objects.filter(state__in=OPEN_STATES).values_list(
            "pk", flat=True
        )
        for path in (sent_path, events_path)
    }
    runs = LabelRun.objects.filter(state=RunState.READY)
    needed |= {run_path(run).name for run in runs}
    removed = 0
    for path in folder().iterdir() if folder().is_dir() else ():
        age = at.timestamp() - path.stat().st_mtime
        if age > _KEEP_STRAY.total_seconds() and path.name not in needed:
            path.unlink(missing_ok=True)
            removed += 1
    return removed

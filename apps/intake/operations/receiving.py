"""Taking a file in by chunks, so that a cut upload goes on where it was cut.

The row says how much of the file lies here durably; the sender asks and goes on from
there. A chunk is written and flushed before the row says so: what a crash leaves behind
the row's place is written over by the chunk that is sent again. The last chunk makes
the whole be hashed; only then is the check ordered.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final
from uuid import UUID, uuid4

from django.db import transaction

from apps.core.errors import LedgerConflict, MalformedInput
from apps.intake.models import Upload, UploadState
from apps.intake.operations.files import (
    make_directory,
    path_of,
    sync_directory,
    verify_size,
)
from apps.intake.operations.sweep import order_check
from apps.intake.operations.uploads import make_upload, take_in
from apps.intake.queries import UploadWish
from apps.partners.queries import Actor

MAX_CHUNK_BYTES: Final = 8_000_000
_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that will come.

    Args:
        digest: SHA-256, 64 hex digits in lower case: with the lot, which file it is.
    """

    name: str
    digest: str
    size_bytes: int


def begin_upload(
    *, wish: UploadWish, file: Announced, actor: Actor, at: datetime
) -> Upload:
    """Write that a file will come, or answer with the open upload of the same file.

    Raises:
        MalformedInput: as `verify_wish`; `empty`, `too_large`.
        LedgerConflict: `too_many_uploads`; `other_seed`.
    """
    verify_size(file.size_bytes)
    upload = make_upload(
        upload_id=uuid4(),
        wish=wish,
        name=file.name,
        digest=file.digest,
        size_bytes=file.size_bytes,
        actor=actor,
        at=at,
    )
    upload.state = UploadState.RECEIVING
    upload.missing_bytes = file.size_bytes
    upload.received_at = at
    return take_in(upload=upload, wish=wish, at=at)


def append_chunk(*, upload_id: UUID, offset: int, chunk: bytes, at: datetime) -> Upload:
    """Keep the bytes of the file from `offset` on; with its last, order the check.

    An empty chunk at the file's end tries the end again, after a crash before it.

    Raises:
        LedgerConflict: `upload_closed`: nothing more is to come;
            `other_offset`: another chunk is due, `extra` says from which offset.
        MalformedInput: `too_large`: beyond the size that was said;
            `other_digest`: whole, and not the file that was said: it begins anew.
        OSError: the disk is full.
    """
    with _held(Upload.objects.get(id=upload_id)) as (upload, file):
        _verify_place(upload, offset, len(chunk), os.fstat(file.fileno()).st_size)
        if chunk:
            _write(file, offset, chunk)
        missing = upload.missing_bytes - len(chunk)
        if missing or _digest_of(file) == upload.file_digest:
            _note(upload, missing=missing, at=at)
            return upload
        _note(upload, missing=upload.size_bytes, at=at)
        raise MalformedInput(
            "other_digest",
            field="file",
            got="other bytes than were announced",
            wanted=f"SHA-256 {upload.file_digest}; send the file anew",
        )


@contextmanager
def _held(upload: Upload) -> Iterator[tuple[Upload, IO[bytes]]]:
    """The upload as it is now, and its file, which nobody else writes meanwhile."""
    _verify_open(upload)
    path = path_of(upload)
    make_directory()
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            upload.refresh_from_db()
            _verify_open(upload)
        except LedgerConflict:
            _forget(upload, path)
            raise
        yield upload, file


def _forget(upload: Upload, path: Path) -> None:
    """It was cancelled while this was on its way: let no file come back."""
    if upload.state == UploadState.CANCELLED:
        path.unlink(missing_ok=True)


def _verify_open(upload: Upload) -> None:
    if upload.state != UploadState.RECEIVING:
        raise LedgerConflict(
            "upload_closed",
            field="state",
            got=upload.state,
            wanted="an upload that waits for its file",
        )


def _verify_place(upload: Upload, offset: int, size: int, file_bytes: int) -> None:
    if file_bytes < upload.received_bytes:
        # A power cut took what the row promised: begin anew.
        upload.missing_bytes = upload.size_bytes
        upload.save(update_fields=["missing_bytes"])
    if offset != upload.received_bytes:
        conflict = LedgerConflict(
            "other_offset",
            field="Upload-Offset",
            got=offset,
            wanted=f"{upload.received_bytes}, where the file goes on",
        )
        conflict.extra = {"offset": upload.received_bytes}
        raise conflict
    if size > upload.missing_bytes:
        raise MalformedInput(
            "too_large",
            field="body",
            got=f"{size} bytes from {offset} on",
            wanted=f"a file of {upload.size_bytes} bytes, as was announced",
        )


def _write(file: IO[bytes], offset: int, chunk: bytes) -> None:
    file.seek(offset)
    file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    if not offset:
        sync_directory()


def _digest_of(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _note(upload: Upload, *, missing: int, at: datetime) -> None:
    """Say how much is missing; where nothing is, order the check in the same breath."""
    state = UploadState.RECEIVING if missing else UploadState.QUEUED
    with transaction.atomic():
        changed = Upload.objects.filter(
            id=upload.id,
            state=UploadState.RECEIVING,
            missing_bytes=upload.missing_bytes,
        ).update(missing_bytes=missing, received_at=at, state=state)
        upload.refresh_from_db()
        if not changed:
            _verify_open(upload)
            raise LedgerConflict(
                "other_offset", field="Upload-Offset", wanted="to ask where it goes on"
            )
        if not missing:
            order_check(upload=upload, at=at)

"""The only writers of uploads, their errors and their files."""

from apps.intake.operations.check import MAX_ERRORS, check_upload
from apps.intake.operations.files import StoredFile, store_file
from apps.intake.operations.receiving import (
    MAX_CHUNK_BYTES,
    Announced,
    append_chunk,
    begin_upload,
)
from apps.intake.operations.sweep import settle, sweep
from apps.intake.operations.uploads import (
    cancel_upload,
    receive_upload,
    refresh_upload,
)

__all__ = [
    "MAX_CHUNK_BYTES",
    "MAX_ERRORS",
    "Announced",
    "StoredFile",
    "append_chunk",
    "begin_upload",
    "cancel_upload",
    "check_upload",
    "receive_upload",
    "refresh_upload",
    "settle",
    "store_file",
    "sweep",
]

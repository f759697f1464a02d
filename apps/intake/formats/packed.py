"""Files that come packed, gzip or zip: unpacked to disk, once, under limits.

What an archive says of its size is never believed: every piece is counted while it is
written, and the first beyond the limit ends it. An archive inside an archive is
refused, so that no file can unpack in levels. XLSX is a zip too and is left alone.
"""

import errno
import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from apps.core.errors import MalformedInput

MAX_UNPACKED_BYTES: Final = 256_000_000
GZIP: Final = b"\x1f\x8b"
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # with parts, without any
_MAX_PARTS: Final = 500
_PIECE_BYTES: Final = 1 << 18
_WORKBOOK: Final = "[content_types].xml"  # ECMA-376 part 2, 7.2.3: each has it
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, ValueError)


@contextmanager
def unpacked(path: Path, *, progress: Callable[[], None]) -> Iterator[Path]:
    """Where the file lies unpacked, in the same folder, until the block ends.

    A file that is no archive, or a workbook, is where it was. `progress` is called for
    every 256 KiB.

    Raises:
        MalformedInput: `archive_damaged`, `archive_nested`, `several_files`,
            `inflates_too_far`.
    """
    head = _head(path)
    if head.startswith(GZIP):
        with gzip.open(path) as packed, _written(path, packed, progress) as plain:
            yield plain
    elif head in ZIP and (part := _find_part(path)):
        with (
            zipfile.ZipFile(path) as archive,
            _open_part(archive, part) as source,
            _written(path, source, progress) as plain,
        ):
            yield plain
    else:
        yield path


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _find_part(path: Path) -> zipfile.ZipInfo | None:
    """The one file of a zip; None for what the reader of workbooks has to judge."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (*_BROKEN, NotImplementedError):
        return None
    names = {part.filename.lower() for part in parts}
    if _WORKBOOK in names or len(parts) > _MAX_PARTS:
        return None
    files = [part for part in parts if not part.is_dir()]
    if len(files) != 1:
        raise MalformedInput(
            "several_files",
            field="file",
            got=f"{len(files)} files in the archive",
            wanted="an archive with one file",
        )
    (part,) = files
    if part.flag_bits & _ENCRYPTED or part.compress_type not in _METHODS:
        raise _damaged("an encrypted archive, or one of another method")
    return part


def _open_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return archive.open(part)
    except (*_BROKEN, NotImplementedError, RuntimeError, OSError) as error:
        # A place before the file's begin is EINVAL; any other fault is the disk's.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise _damaged("an archive whose headers do not agree") from error


@contextmanager
def _written(
    path: Path, source: IO[bytes] | gzip.GzipFile, progress: Callable[[], None]
) -> Iterator[Path]:
    # A name as of a file on its way in: the sweep removes what a crash leaves.
    with tempfile.NamedTemporaryFile(prefix="part-", dir=path.parent) as target:
        size_bytes = 0
        while piece := _read(source):
            size_bytes += len(piece)
            if size_bytes > MAX_UNPACKED_BYTES:
                raise MalformedInput(
                    "inflates_too_far",
                    field="file",
                    got=f"more than {MAX_UNPACKED_BYTES} bytes unpacked",
                    wanted=f"at most {MAX_UNPACKED_BYTES} bytes unpacked",
                )
            target.write(piece)
            progress()
        target.flush()
        plain = Path(target.name)
        _verify_plain(_head(plain))
        yield plain


def _read(source: IO[bytes] | gzip.GzipFile) -> bytes:
    try:
        return source.read(_PIECE_BYTES)
    except (*_BROKEN, gzip.BadGzipFile) as error:
        raise _damaged("an archive that ends early or does not add up") from error


def _verify_plain(head: bytes) -> None:
    if head.startswith(GZIP) or head in ZIP:
        raise MalformedInput(
            "archive_nested",
            field="file",
            got="an archive or a workbook inside an archive",
            wanted="CSV or EPCIS in one archive; XLSX is packed already",
        )


def _damaged(got: str) -> MalformedInput:
    return MalformedInput(
        "archive_damaged", field="file", got=got, wanted="a whole gzip or zip file"
    )

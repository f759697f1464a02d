"""The parts of an XLSX file, each read once as a stream, under limits.

A zip archive of a few kilobytes may hold gigabytes, and one unfinished token makes
expat look at all of it again with each piece. So only the parts that the workbook
names are opened, one budget of bytes and elements covers them all, tokens and nesting
are bounded, and each piece read is reported.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from apps.core.errors import MalformedInput

MAX_PARTS: Final = 500
_MAX_INFLATED_BYTES: Final = 400_000_000
_MAX_ELEMENTS: Final = 30_000_000
_MAX_TOKEN_BYTES: Final = 1_000_000
_MAX_DEPTH: Final = 64
_PIECE_BYTES: Final = 1 << 16
_PEEKED_BYTES: Final = 4_096
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)


def not_xlsx(
    got: str, wanted: str = "an XLSX workbook or CSV in UTF-8"
) -> MalformedInput:
    """The refusal of a file that is no workbook we read."""
    return MalformedInput("not_xlsx", field="file", got=got, wanted=wanted)


class PartReader:
    """Follows one part by the local names of its elements."""

    elements = 0
    _depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Text stands here, perhaps not all of it."""

    def listen(self, parser: expat.XMLParserType) -> None:
        """Take what `parser` finds."""
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = self._refuse_doctype

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise not_xlsx(
                f"elements in {self._depth} levels", f"at most {_MAX_DEPTH} levels"
            )
        self.start(name.rpartition(":")[2], attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self.end(name.rpartition(":")[2])

    def _refuse_doctype(self, *_: Any) -> None:
        # A workbook needs none; what has one wants entities expanded.
        raise not_xlsx("DOCTYPE", "XLSX")


class Parts:
    """The archive; `progress` is called for each piece that is read."""

    def __init__(self, archive: zipfile.ZipFile, progress: Callable[[], None]) -> None:
        self._archive = archive
        self._progress = progress
        self._inflated_bytes = 0
        self._elements = 0
        found = archive.infolist()
        if len(found) > MAX_PARTS:
            raise not_xlsx(f"{len(found)} parts", f"at most {MAX_PARTS} parts")
        # OPC (ECMA-376 part 2, 6.2.2.3): names are equal whatever their case.
        self._by_name = {part.filename.lower(): part for part in found}
        if len(self._by_name) < len(found):
            raise not_xlsx("two parts of one name", "each part once")

    def peek(self, name: str) -> bytes:
        """The first bytes of a part."""
        with self._open(name) as stream:
            return _read(stream, _PEEKED_BYTES)

    def walk(self, name: str, reader: PartReader) -> Iterator[None]:
        """Lead `reader` through a part, one step for each piece of it.

        Raises:
            MalformedInput: `not_xlsx`, `inflates_too_far`, or what `reader` raises.
        """
        parser = expat.ParserCreate()
        reader.listen(parser)
        before, fed = self._elements, 0
        with self._open(name) as stream:
            while piece := _read(stream, _PIECE_BYTES):
                fed += len(piece)
                self._inflated_bytes += len(piece)
                _feed(parser, piece)
                self._elements = before + reader.elements
                self._verify_budget()
                _verify_token(fed - max(parser.CurrentByteIndex, 0))
                self._progress()
                yield
        _feed(parser, b"", is_last=True)
        yield

    def _open(self, name: str) -> zipfile.ZipExtFile:
        part = self._by_name.get(name.lower())
        if part is None:
            raise not_xlsx(f"no part {name[:100]}")
        # Other methods take as much memory as the archive asks for.
        if part.flag_bits & _ENCRYPTED or part.compress_type not in _METHODS:
            raise not_xlsx("an encrypted or foreign archive")
        try:
            return self._archive.open(part)  # type: ignore[return-value]
        except _BROKEN as error:
            raise not_xlsx("a damaged archive") from error

    def _verify_budget(self) -> None:
        if self._inflated_bytes > _MAX_INFLATED_BYTES:
            raise MalformedInput(
                "inflates_too_far",
                field="file",
                wanted=f"at most {_MAX_INFLATED_BYTES} bytes unpacked",
            )
        if self._elements > _MAX_ELEMENTS:
            raise MalformedInput(
                "inflates_too_far",
                field="file",
                got=f"{self._elements} elements",
                wanted=f"at most {_MAX_ELEMENTS} elements",
            )


def open_parts(path: Path) -> zipfile.ZipFile:
    """The archive at `path`.

    Raises:
        MalformedInput: `not_xlsx`.
    """
    try:
        return zipfile.ZipFile(path)
    except _BROKEN as error:
        raise not_xlsx("a damaged, encrypted or foreign archive") from error


def _read(stream: zipfile.ZipExtFile, size_bytes: int) -> bytes:
    try:
        return stream.read(size_bytes)
    except _BROKEN as error:
        raise not_xlsx("a damaged archive") from error


def _feed(parser: expat.XMLParserType, piece: bytes, *, is_last: bool = False) -> None:
    try:
        parser.Parse(piece, is_last)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise not_xlsx("a part that is no XML") from error


def _verify_token(unfinished_bytes: int) -> None:
    # expat 2.5 scans an unfinished token from its start with each piece.
    if unfinished_bytes > _MAX_TOKEN_BYTES:
        raise not_xlsx(
            f"a token of more than {_MAX_TOKEN_BYTES} bytes", "XML of a workbook"
        )

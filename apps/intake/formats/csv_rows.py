"""CSV line by line: no field spans lines, so one bad line costs one line.

A serial never holds a line break. Reading each physical line alone means that an
unterminated quote, NUL or a wrong byte is an error of that line, and that memory is
bounded by a block and the longest line allowed.
"""

import csv
import re
from collections.abc import Callable, Iterator
from typing import IO, Final

from apps.core.errors import MalformedInput
from apps.intake.formats.alike import Alike
from apps.intake.formats.rows import MAX_COLUMNS, LineError, Row, Taken, clip

_MAX_LINE_BYTES: Final = 1_000
_MAX_BLANK_LINES: Final = 1_000
_LINES_A_PIECE: Final = 1_000
_BLOCK_BYTES: Final = 1 << 15
_DELIMITERS: Final = (",", ";", "\t")
_BOM: Final = b"\xef\xbb\xbf"
_OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_QUOTED: Final = re.compile(r'"[^"]*"?')
_AFTER_QUOTES: Final = re.compile(r'"(?:[^"]|"")*"([,;\t])')
# Some spreadsheets announce their delimiter on a line of its own.
_ANNOUNCED: Final = re.compile(r"sep=([,;\t])", re.IGNORECASE)


def read_csv(
    file: IO[bytes], *, progress: Callable[[], None], alike: Alike | None = None
) -> Iterator[Row | LineError | Taken]:
    """The rows of `file`; up to 1,000 blank lines are passed over, more end it.

    `progress` is called every 1,000 lines, whatever stands on them. Blocks of lines
    that `alike` takes are not given row by row.

    Raises:
        MalformedInput: `wrong_encoding`, a file in UTF-16.
    """
    if file.peek(2)[:2] in _OTHER_BOMS:  # type: ignore[attr-defined]  # buffered
        raise MalformedInput(
            "wrong_encoding", field="file", got="UTF-16", wanted="CSV in UTF-8"
        )
    lines = _Lines(alike)
    for block in _blocks(file):
        before = lines.line_no
        taken = alike.take(before + 1, block) if alike else 0
        if taken:
            lines.line_no += taken
            yield Taken(taken)
            if lines.line_no // _LINES_A_PIECE > before // _LINES_A_PIECE:
                progress()
        else:
            yield from lines.read(block, progress)
            if lines.is_over:
                return


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The file in blocks of whole lines, the first without a byte order mark.

    A line that is too long loses its middle: too long it stays.
    """
    rest = file.read(len(_BOM)).removeprefix(_BOM)
    while piece := file.read(_BLOCK_BYTES):
        piece = rest + piece
        end = piece.rfind(b"\n") + 1
        rest = piece[end:][: _MAX_LINE_BYTES + 1]
        if end:
            yield piece[:end]
    if rest:
        yield rest


class _Lines:
    """Lines one by one, as a person counts them."""

    def __init__(self, alike: Alike | None) -> None:
        self.line_no = 0
        self.is_over = False
        self._alike = alike
        self._delimiter = ""
        self._blank_lines = 0

    def read(
        self, block: bytes, progress: Callable[[], None]
    ) -> Iterator[Row | LineError]:
        """The rows of a block, or what is wrong with a line."""
        for line in block.removesuffix(b"\n").split(b"\n"):
            self.line_no += 1
            if self.line_no % _LINES_A_PIECE == 0:
                progress()
            text = _decode(self.line_no, line)
            if isinstance(text, LineError):
                yield text
            elif text:
                yield from self._read_line(text)
            else:
                self._blank_lines += 1
                if self._blank_lines > _MAX_BLANK_LINES:
                    self.is_over = True
                    yield _too_many_blank_lines(self.line_no)
                    return

    def _read_line(self, text: str) -> Iterator[Row | LineError]:
        if not self._delimiter:
            announced = _ANNOUNCED.fullmatch(text)
            self._delimiter = announced[1] if announced else _guess_delimiter(text)
            if announced:
                return
        item = _split(self.line_no, text, self._delimiter)
        yield item
        if self._alike and isinstance(item, Row):
            self._alike.learn(item, text)


def _too_many_blank_lines(line_no: int) -> LineError:
    return LineError(
        line_no,
        "too_many_blank_lines",
        got=f"{_MAX_BLANK_LINES + 1} blank lines up to here",
        wanted=f"at most {_MAX_BLANK_LINES} in the file; nothing is read beyond",
    )


def _decode(line_no: int, line: bytes) -> str | LineError:
    if len(line) > _MAX_LINE_BYTES:
        return LineError(
            line_no, "line_too_long", wanted=f"at most {_MAX_LINE_BYTES} bytes a line"
        )
    line = line.rstrip(b"\r")
    if b"\x00" in line:
        return LineError(
            line_no,
            "forbidden_character",
            got="NUL",
            wanted="text without NUL",
            row=clip(line.decode("utf-8", "replace")),
        )
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        return LineError(
            line_no,
            "not_utf8",
            got=f"byte 0x{line[error.start]:02x} at position {error.start + 1}",
            wanted="CSV in UTF-8",
            row=clip(line.decode("utf-8", "replace")),
        )


def _guess_delimiter(first_line: str) -> str:
    after = _AFTER_QUOTES.match(first_line)
    if after is not None:
        return after[1]
    bare = _QUOTED.sub("", first_line)
    return max(_DELIMITERS, key=bare.count)


def _split(line_no: int, text: str, delimiter: str) -> Row | LineError:
    try:
        cells = (
            next(csv.reader([text], delimiter=delimiter, strict=True))
            if '"' in text
            else text.split(delimiter)
        )
    except csv.Error:
        return LineError(
            line_no,
            "bad_quotes",
            got=clip(text),
            wanted='every quoted field closed on its line, " inside it doubled',
            row=clip(text),
        )
    if len(cells) > MAX_COLUMNS:
        return LineError(
            line_no,
            "too_many_columns",
            got=str(len(cells)),
            wanted="serial, gtin, lot, expiry",
            row=clip(text),
        )
    return Row(line_no, tuple(cells))

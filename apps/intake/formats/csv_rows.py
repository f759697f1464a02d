"""CSV line by line: no field spans lines, so one bad line costs one line.

A serial never holds a line break. Reading each physical line alone means that an
unterminated quote, NUL or a wrong byte is an error of that line, and that memory is
bounded by the longest line allowed.
"""

import csv
import re
from collections.abc import Callable, Iterator
from typing import IO, Final

from apps.core.errors import MalformedInput
from apps.intake.formats.rows import MAX_COLUMNS, LineError, Row, clip

_MAX_LINE_BYTES: Final = 1_000
_MAX_BLANK_LINES: Final = 1_000
_LINES_A_PIECE: Final = 1_000
_DELIMITERS: Final = (",", ";", "\t")
_BOM: Final = b"\xef\xbb\xbf"
_OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_QUOTED: Final = re.compile(r'"[^"]*"?')
_AFTER_QUOTES: Final = re.compile(r'"(?:[^"]|"")*"([,;\t])')
# Some spreadsheets announce their delimiter on a line of its own.
_ANNOUNCED: Final = re.compile(r"sep=([,;\t])", re.IGNORECASE)


def read_csv(
    file: IO[bytes], *, progress: Callable[[], None]
) -> Iterator[Row | LineError]:
    """The rows of `file`; up to 1,000 blank lines are passed over, more end it.

    `progress` is called every 1,000 lines, whatever stands on them.

    Raises:
        MalformedInput: `wrong_encoding`, a file in UTF-16.
    """
    if file.peek(2)[:2] in _OTHER_BOMS:  # type: ignore[attr-defined]  # buffered
        raise MalformedInput(
            "wrong_encoding", field="file", got="UTF-16", wanted="CSV in UTF-8"
        )
    delimiter = ""
    blank_lines = 0
    for line_no, line in _lines(file, progress):
        text = _decode(line_no, line)
        if isinstance(text, LineError):
            yield text
            continue
        if not text:
            blank_lines += 1
            if blank_lines > _MAX_BLANK_LINES:
                yield _too_many_blank_lines(line_no)
                return
            continue
        if not delimiter:
            announced = _ANNOUNCED.fullmatch(text)
            delimiter = announced[1] if announced else _guess_delimiter(text)
            if announced:
                continue
        yield _split(line_no, text, delimiter)


def _too_many_blank_lines(line_no: int) -> LineError:
    return LineError(
        line_no,
        "too_many_blank_lines",
        got=f"{_MAX_BLANK_LINES + 1} blank lines up to here",
        wanted=f"at most {_MAX_BLANK_LINES} in the file; nothing is read beyond",
    )


def _lines(
    file: IO[bytes], progress: Callable[[], None]
) -> Iterator[tuple[int, bytes | None]]:
    """Lines without their ends, numbered; None stands for one that is too long."""
    line_no = 0
    while line := file.readline(_MAX_LINE_BYTES + 1):
        line_no += 1
        if line_no % _LINES_A_PIECE == 0:
            progress()
        if line_no == 1:
            line = line.removeprefix(_BOM)
        if len(line) > _MAX_LINE_BYTES and not line.endswith(b"\n"):
            _skip_line(file)
            yield line_no, None
        else:
            yield line_no, line.rstrip(b"\r\n")


def _skip_line(file: IO[bytes]) -> None:
    while part := file.readline(1 << 16):
        if part.endswith(b"\n"):
            return


def _decode(line_no: int, line: bytes | None) -> str | LineError:
    if line is None:
        return LineError(
            line_no, "line_too_long", wanted=f"at most {_MAX_LINE_BYTES} bytes a line"
        )
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

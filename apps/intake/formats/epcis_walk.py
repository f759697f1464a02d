"""JSON of any size, token by token: each with its place, under limits of memory."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

import ijson

from apps.core.errors import MalformedInput
from apps.intake.formats.rows import clip

# Keys down to a token; None stands for an item of a list.
Place: TypeAlias = tuple[str | None, ...]

BEGINS: Final = frozenset(
    {"string", "number", "boolean", "null", "start_map", "start_array"}
)
_PIECE_BYTES: Final = 1 << 16
_MAX_DEPTH: Final = 64
_MAX_TOKEN_BYTES: Final = 1_000_000  # what the parser keeps until a token is whole


def walk(
    path: Path, *, progress: Callable[[], None]
) -> Iterator[tuple[Place, str, Any]]:
    """Place, kind and value of each token, in the words of ijson, keys left out.

    A list or object begins with an empty one for its value, and ends at the place where
    it began. `progress` is called for every 64 KiB.

    Raises:
        MalformedInput: `not_epcis`: no JSON in UTF-8, nested deeper than 64, or with a
            value of more than a million bytes.
    """
    with path.open("rb") as file:
        source = _Source(file, progress)
        try:
            yield from _placed(source)
        except (ijson.JSONError, UnicodeDecodeError) as error:
            # Half of a surrogate pair passes ijson, and is no text for Python.
            raise refused(clip(str(error)), "JSON in UTF-8") from error


class _Source:
    """The file, read piece by piece."""

    def __init__(self, file: IO[bytes], progress: Callable[[], None]) -> None:
        self.silent_bytes = 0  # since the last token
        self._file = file
        self._progress = progress

    def read(self, size_bytes: int) -> bytes:
        """The next piece, b"" at the end."""
        if self.silent_bytes > _MAX_TOKEN_BYTES:
            raise refused(
                f"a value of more than {_MAX_TOKEN_BYTES} bytes", "EPCs and events"
            )
        piece = self._file.read(size_bytes)
        self.silent_bytes += len(piece)
        if piece:
            self._progress()
        return piece


def _placed(source: _Source) -> Iterator[tuple[Place, str, Any]]:
    keys: list[str | None] = []  # of what is open: the key just read, None in a list
    place: Place = ()
    # As floats: an integer of thousands of digits would end this process (ijson 3.6
    # goes on after Python refused to make it).
    for kind, value in ijson.basic_parse(source, buf_size=_PIECE_BYTES, use_float=True):
        source.silent_bytes = 0
        if kind == "map_key":
            keys[-1] = value
            place = tuple(keys)
            continue
        if kind in {"end_map", "end_array"}:
            keys.pop()
            place = tuple(keys)
        is_map = kind == "start_map"
        if is_map or kind == "start_array":
            yield place, kind, {} if is_map else []
            if len(keys) == _MAX_DEPTH:
                raise refused(f"more than {_MAX_DEPTH} levels", "EPCIS")
            keys.append("" if is_map else None)
            place = tuple(keys)
        else:
            yield place, kind, value


def refused(got: str, wanted: str) -> MalformedInput:
    """The refusal of a file that is no list of EPCs as we read it."""
    return MalformedInput("not_epcis", field="file", got=got, wanted=wanted)

"""Which kind of file it is, by its first bytes; the name proves nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.errors import MalformedInput
from apps.intake.formats.alike import Alike
from apps.intake.formats.csv_rows import read_csv
from apps.intake.formats.epcis_list import HEADS, open_epcis
from apps.intake.formats.packed import unpacked
from apps.intake.formats.rows import LineError, Row, Taken
from apps.intake.formats.xlsx_rows import MAGIC, open_xlsx

_PIECE_BYTES = 1 << 20
_WANTED = "CSV in UTF-8, XLSX or EPCIS in JSON; plain, gzip or zip"
# Sent by mistake often enough to name them.
_KNOWN = {
    b"\xd0\xcf\x11\xe0": "an old .xls workbook",
    b"%PDF": "a PDF",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
}


@contextmanager
def open_rows(
    path: Path, *, progress: Callable[[], None], alike: Alike | None = None
) -> Iterator[tuple[int, Iterator[Row | LineError | Taken]]]:
    """How many lines the file has, about, and its rows.

    `progress` is called for every piece of the file, whether it gives rows or not;
    lines that `alike` takes are not given row by row.

    Raises:
        MalformedInput: none of the formats, or as their readers say.
    """
    with unpacked(path, progress=progress) as plain, plain.open("rb") as file:
        head = file.read(4)
        for magic, name in _KNOWN.items():
            if head.startswith(magic):
                raise MalformedInput("not_csv", field="file", got=name, wanted=_WANTED)
        if head == MAGIC:
            with open_xlsx(plain, progress=progress) as opened:
                yield opened
        elif head.startswith(HEADS):
            yield open_epcis(plain, progress=progress)
        else:
            total = _count_lines(plain)
            file.seek(0)
            yield total, read_csv(file, progress=progress, alike=alike)


def _count_lines(path: Path) -> int:
    count, last = 0, b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            count += piece.count(b"\n")
            last = piece[-1:]
    return count + (last not in {b"", b"\n"})

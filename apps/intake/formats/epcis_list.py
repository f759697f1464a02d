"""EPCs as rows: an EPCIS 2.0 document, one event of it, or a bare list, in JSON.

A row's line is the place of its EPC in the file, counted from 1 over all lists. The
file is read twice, token by token: first for what stands around its lists, since lot
and expiry date may come behind them, then for the EPCs. Neither keeps the file.
"""

from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Final

from apps.core.epcis.epc import PackEpc, find_plain_pack, parse_epc
from apps.core.errors import MalformedInput
from apps.intake.formats.epcis_said import Run, Said
from apps.intake.formats.epcis_walk import BEGINS, Place, walk
from apps.intake.formats.rows import LineError, Row, clip

HEADS: Final = (b"{", b"[")


def open_epcis(
    path: Path, *, progress: Callable[[], None]
) -> tuple[int, Iterator[Row | LineError]]:
    """How many EPCs the file has, and their rows: serial, GTIN, lot, expiry date.

    Lot and expiry date are those of the event's ilmd, or empty. `progress` is called
    for every 64 KiB of both readings.

    Raises:
        MalformedInput: `too_many_rows`, `not_epcis`.
    """
    said = Said()
    for place, kind, value in walk(path, progress=progress):
        said.take(place, kind, value)
    wanted, runs = said.close()
    total = sum(run.count for run in runs)
    return total, _rows(_epcs(path, wanted, progress), runs)


def _epcs(path: Path, wanted: Place, progress: Callable[[], None]) -> Iterator[object]:
    for place, kind, value in walk(path, progress=progress):
        if place == wanted and kind in BEGINS:
            yield value


def _rows(epcs: Iterator[object], runs: list[Run]) -> Iterator[Row | LineError]:
    # The columns, said ahead: a serial may be "21", which names a column in CSV.
    yield Row(0, ("serial", "gtin", "lot", "expiry"))
    places = count(1)
    for run in runs:
        for epc in islice(epcs, run.count):
            line_no = next(places)
            try:
                pack = find_plain_pack(epc) or _read_pack(epc)
            except MalformedInput as error:
                yield LineError.of(error, line_no=line_no, row=str(epc))
            else:
                yield Row(line_no, (pack.serial, pack.gtin, run.lot, run.expiry))


def _read_pack(epc: object) -> PackEpc:
    if isinstance(epc, str):
        found = parse_epc(epc, field="epc")
        if isinstance(found, PackEpc):
            return found
    raise MalformedInput(
        "bad_epc", field="epc", got=clip(str(epc)), wanted="…/01/{gtin}/21/{serial}"
    )

"""EPCs as rows: an EPCIS 2.0 document, one event of it, or a bare list, in JSON.

A row's line is the place of its EPC in the file, counted from 1 over all lists.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from apps.core.epcis.epc import PackEpc, find_plain_pack, parse_epc
from apps.core.errors import MalformedInput
from apps.intake.formats.rows import MAX_ROWS, LineError, Row, clip

HEADS: Final = (b"{", b"[")
_MAX_BYTES: Final = 128_000_000
# Each value of a document has a comma, a colon or a bracket of its own: so many bound
# the memory that a hostile one takes. A million EPCs and the frame around them fit.
_MAX_VALUES: Final = MAX_ROWS + 100_000
_MARKS: Final = (b",", b"[", b"{")
_ROWS_A_PIECE: Final = 1_000


def open_epcis(
    path: Path, *, progress: Callable[[], None]
) -> tuple[int, Iterator[Row | LineError]]:
    """How many EPCs the file has, and their rows: serial, GTIN, lot, expiry date.

    Lot and expiry date are those of the event's ilmd, or empty. `progress` is called
    every 1,000 EPCs.

    Raises:
        MalformedInput: `too_large`, `too_many_rows`, `not_epcis`.
    """
    lists = _read_lists(_read_document(path))
    total = sum(len(epcs) for epcs, _, _ in lists)
    return total, _rows(lists, progress)


_List = tuple[list[Any], str, str]  # EPCs, lot, expiry date


def _rows(
    lists: list[_List], progress: Callable[[], None]
) -> Iterator[Row | LineError]:
    # The columns, said ahead: a serial may be "21", which names a column in CSV.
    yield Row(0, ("serial", "gtin", "lot", "expiry"))
    line_no = 0
    for epcs, lot, expiry in lists:
        for epc in epcs:
            line_no += 1
            if line_no % _ROWS_A_PIECE == 0:
                progress()
            try:
                pack = find_plain_pack(epc) or _read_pack(epc)
            except MalformedInput as error:
                yield LineError.of(error, line_no=line_no, row=str(epc))
            else:
                yield Row(line_no, (pack.serial, pack.gtin, lot, expiry))


def _read_pack(epc: object) -> PackEpc:
    if isinstance(epc, str):
        found = parse_epc(epc, field="epc")
        if isinstance(found, PackEpc):
            return found
    raise MalformedInput(
        "bad_epc", field="epc", got=clip(str(epc)), wanted="…/01/{gtin}/21/{serial}"
    )


def _read_document(path: Path) -> Any:
    size_bytes = path.stat().st_size
    if size_bytes > _MAX_BYTES:
        raise MalformedInput(
            "too_large",
            field="file",
            got=f"{size_bytes} bytes",
            wanted=f"EPCIS of at most {_MAX_BYTES} bytes",
        )
    data = path.read_bytes()
    if sum(data.count(mark) for mark in _MARKS) > _MAX_VALUES:
        raise MalformedInput(
            "too_many_rows", field="file", wanted=f"at most {MAX_ROWS} EPCs"
        )
    try:
        text = data.decode("utf-8")
        del data  # not a third copy while the second is read
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(clip(str(error)), "JSON in UTF-8") from error


def _read_lists(document: Any) -> list[_List]:
    if isinstance(document, list):
        return [(document, "", "")]
    if document.get("type") != "EPCISDocument":
        return [_read_event(document)]
    body = document.get("epcisBody")
    events = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(events, list):
        raise _refused("a document without a list of events", "epcisBody.eventList")
    return [_read_event(event) for event in events]


def _read_event(event: Any) -> _List:
    said = event if isinstance(event, dict) else {}
    kind, action = said.get("type"), said.get("action")
    if (kind, action) != ("ObjectEvent", "ADD"):
        raise _refused(
            clip(f"{kind} with action {action}"), "ObjectEvents with action ADD"
        )
    # The context may name the steps in short or in full.
    step = str(said.get("bizStep", "commissioning"))
    if not step.endswith("commissioning") or step.endswith("decommissioning"):
        raise _refused(clip(f"bizStep {step}"), "bizStep commissioning")
    epcs, ilmd = said.get("epcList"), said.get("ilmd", {})
    if not isinstance(epcs, list) or not isinstance(ilmd, dict):
        raise _refused("an event without a list of EPCs", "epcList")
    lot, expiry = (
        ilmd.get(f"cbvmda:{name}", "") for name in ("lotNumber", "itemExpirationDate")
    )
    if not isinstance(lot, str) or not isinstance(expiry, str):
        raise _refused("an ilmd whose lot or expiry is no text", "text")
    return epcs, lot, expiry


def _refused(got: str, wanted: str) -> MalformedInput:
    return MalformedInput("not_epcis", field="file", got=got, wanted=wanted)

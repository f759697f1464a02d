"""An EPCIS 2.0 document of AggregationEvents, in JSON.

The line of an event is its place in the list of events, counted from 1. A document may
fill a container in several events.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from apps.core.encoding import parse_time_ms
from apps.core.epcis import Epc, PackEpc, parse_epc
from apps.core.epcis.epc import find_plain_pack
from apps.core.errors import MalformedInput
from apps.intake.formats.rows import LineError, clip
from apps.packaging.formats.hierarchy import Hierarchy

_MAX_BYTES: Final = 128_000_000
# Each value has a comma, a colon or a bracket of its own: so many bound the memory.
_MAX_VALUES: Final = 1_400_000
_MARKS: Final = (b",", b"[", b"{")


def read_events(
    path: Path, *, gtin: str, tree: Hierarchy, progress: Callable[[int, int], None]
) -> Iterator[LineError]:
    """Take every event into `tree`; what cannot be taken is an error of its event.

    `progress` hears events done and in all.

    Raises:
        MalformedInput: `too_large`, `too_many_rows`, `not_epcis`.
    """
    events = _events(_document(path))
    parents = {each.get("parentID") for each in events if isinstance(each, dict)}
    for number, event in enumerate(events, start=1):
        progress(number - 1, len(events))
        try:
            yield from _take(event, number, gtin=gtin, tree=tree, parents=parents)
        except MalformedInput as error:
            yield LineError.of(error, line_no=number)


def _take(
    event: Any, number: int, *, gtin: str, tree: Hierarchy, parents: set[Any]
) -> Iterator[LineError]:
    said = event if isinstance(event, dict) else {}
    kind, action = said.get("type"), said.get("action")
    if (kind, action) != ("AggregationEvent", "ADD"):
        raise _refused(clip(f"{kind} with action {action}"), "AggregationEvent, ADD")
    if said.get("childQuantityList"):
        raise _refused("a childQuantityList", "childEPCs alone")
    children = said.get("childEPCs")
    if not isinstance(children, list) or not children:
        raise MalformedInput(
            "empty", field="childEPCs", got="nothing", wanted="a list of EPCs"
        )
    parent = _epc(said.get("parentID"), "parentID")
    tree.box(parent.uri, number).event_time_ms = _time(said.get("eventTime"))
    for child in children:
        try:
            _put(child, parent.uri, number, gtin=gtin, tree=tree, parents=parents)
        except MalformedInput as error:
            yield LineError.of(error, line_no=number, row=str(child))


def _put(
    child: Any,
    parent: str,
    number: int,
    *,
    gtin: str,
    tree: Hierarchy,
    parents: set[Any],
) -> None:
    epc = find_plain_pack(child) or _epc(child, "childEPCs")
    if not isinstance(epc, PackEpc) or child in parents:
        tree.put_box(epc.uri, parent, number)
        return
    if epc.gtin != gtin:
        raise MalformedInput("other_gtin", field="childEPCs", got=child, wanted=gtin)
    if epc.serial in tree.seen:
        # Also within one event: there the line alone would not tell.
        raise MalformedInput(
            "packed_twice",
            field="childEPCs",
            got=epc.serial,
            wanted=f"each pack once; event {tree.seen[epc.serial]} has it already",
        )
    tree.put_pack(epc.serial, parent, number)


def _epc(value: Any, field: str) -> Epc:
    if not isinstance(value, str):
        raise MalformedInput(
            "bad_epc", field=field, got=clip(str(value)), wanted="an EPC as a text"
        )
    return parse_epc(value, field=field)


def _time(value: Any) -> int | None:
    if not isinstance(value, str):
        raise MalformedInput(
            "missing_field", field="eventTime", got="nothing", wanted="a time"
        )
    return parse_time_ms(value, field="eventTime")


def _document(path: Path) -> Any:
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
        raise MalformedInput("too_many_rows", field="file", wanted="fewer EPCs")
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _refused(clip(str(error)), "JSON in UTF-8") from error


def _events(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    said = document if isinstance(document, dict) else {}
    if said.get("type") != "EPCISDocument":
        return [document]
    body = said.get("epcisBody")
    events = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(events, list) or not events:
        raise _refused("a document without events", "epcisBody.eventList")
    return events


def _refused(got: str, wanted: str) -> MalformedInput:
    return MalformedInput("not_epcis", field="file", got=got, wanted=wanted)

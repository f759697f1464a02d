"""The newest closing, read back: where a replay of the law begins."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from pyroaring import BitMap

from apps.core.canonical import parse_json
from apps.core.custody import (
    Batch,
    Container,
    EventRecord,
    HoldKey,
    Move,
    Place,
    Shipment,
    State,
)
from apps.core.errors import IntegrityBreach, MalformedInput
from apps.core.retention import SnapshotDigest
from apps.custody.models import Closing
from apps.custody.queries.snapshot import FORMAT, Line

_MOST_LINE_BYTES: Final = 256 << 20


@dataclass(slots=True)
class Closed:
    """What a closing says.

    Args:
        statements: of goods, in log order, that it stands for.
        batches, containers, events, despatches: its lines (`queries.snapshot`).
    """

    closing: Closing
    statements: int = 0
    batches: list[Line] = field(default_factory=list)
    containers: list[Line] = field(default_factory=list)
    events: list[Line] = field(default_factory=list)
    despatches: list[Line] = field(default_factory=list)


def find_closed() -> Closed | None:
    """The newest closing with its snapshot; None if the books were never closed.

    Raises:
        IntegrityBreach: `snapshot_differs`: it is not the one whose digest was kept;
            `snapshot_unreadable`.
    """
    closing = Closing.objects.order_by("-number").first()
    if closing is None:
        return None
    closed = Closed(closing)
    lists = {
        "batch": closed.batches,
        "container": closed.containers,
        "event": closed.events,
        "despatch": closed.despatches,
    }
    for line in iter_lines(closing):
        if "format" in line:
            closed.statements = _statements(line, closing)
            continue
        kind = next((name for name in lists if name in line), "")
        if not kind:
            raise _unreadable(closing)
        lists[kind].append(line)
    return closed


def iter_lines(closing: Closing) -> Iterator[Line]:
    """The lines of a closing; the digest is compared after the last of them.

    Raises:
        IntegrityBreach: `snapshot_differs`, `snapshot_unreadable`.
    """
    digest = SnapshotDigest()
    for part in closing.parts.order_by("number").iterator(chunk_size=1):
        try:
            data = zlib.decompress(bytes(part.data))
            lines = [
                parse_json(line, max_bytes=_MOST_LINE_BYTES, field="snapshot")
                for line in data.splitlines()
            ]
        except (zlib.error, MalformedInput) as error:
            raise _unreadable(closing) from error
        digest.update(data)
        for line in lines:
            if not isinstance(line, dict):
                raise _unreadable(closing)
            yield line
    if digest.digest != bytes(closing.digest):
        raise IntegrityBreach(
            "snapshot_differs",
            field=f"closing {closing.number}",
            got=digest.digest.hex(),
            wanted=bytes(closing.digest).hex(),
        )


def _statements(line: Line, closing: Closing) -> int:
    said = (line.get("format"), line.get("statements"))
    if said != (FORMAT, closing.statements):
        raise _unreadable(closing)
    return closing.statements


def _unreadable(closing: Closing) -> IntegrityBreach:
    return IntegrityBreach("snapshot_unreadable", field=f"closing {closing.number}")


def load_closed(
    state: State[BitMap], closed: Closed, *, watched: frozenset[str]
) -> None:
    """Set `state` to what the closing says of goods.

    Args:
        watched: events that later ones take back: what moved since is kept for them.
    """
    for line in closed.batches:
        state.batches[line["batch"]] = _batch(line)
    for line in closed.containers:
        state.containers[line["container"]] = Container(
            epc=line["container"],
            place=Place(*line["place"]),
            parent=line["parent"] or None,
            units=_sets(line["units"]),
        )
    for line in closed.events:
        record = _record(line)
        _note_later(state, record, watched)
        state.events[record.ref] = record
    for line in closed.despatches:
        state.shipments[line["despatch"]] = _shipment(line)


def _batch(line: Line) -> Batch[BitMap]:
    return Batch(
        tag=line["batch"],
        gtin=line["gtin"],
        lot=line["lot"],
        expiry_date=date.fromisoformat(line["expiry_date"]),
        brand_owner=line["brand_owner"],
        size=line["size"],
        holdings={
            Place(*each["place"]): units_of_pairs(each["units"])
            for each in line["holdings"]
        },
        recalled=BitMap(),
        held={
            HoldKey(each["owner"], each["reason"]): units_of_pairs(each["units"])
            for each in line["held"]
        },
    )


def moves_in(line: Line) -> Iterator[Move[BitMap]]:
    """What the event of a line moved."""
    for each in line["moves"]:
        source = Place(*each["source"]) if each["source"] else None
        yield Move(
            each["tag"], units_of_pairs(each["units"]), source, Place(*each["target"])
        )


def _record(line: Line) -> EventRecord[BitMap]:
    row = line["event"]
    return EventRecord(
        ref=row["ref"],
        rule=row["rule"],
        by=row["by"],
        site=row["site"],
        accepted_ms=row["accepted_ms"],
        moves=tuple(moves_in(line)),
        shipment=row["shipment_ref"],
        # The parent is kept behind the containers named inside it.
        parent=row["containers"][-1] if row["rule"] == "packing" else "",
        is_corrected=line["is_corrected"],
    )


def _note_later(
    state: State[BitMap], record: EventRecord[BitMap], watched: Iterable[str]
) -> None:
    for ref in watched:
        if ref in state.events:
            moved = state.later.setdefault(ref, {})
            for move in record.moves:
                moved[move.tag] = moved.get(move.tag, BitMap()) | move.units


def _shipment(line: Line) -> Shipment[BitMap]:
    return Shipment(
        ref=line["despatch"],
        source=Place(line["sender"], line["sender_site"], "in_transit"),
        addressee=line["addressee"],
        addressee_site=line["addressee_site"],
        purpose=line["purpose"],
        sent={tag: units_of_pairs(sent) for tag, (sent, _) in line["lines"].items()},
        open={tag: units_of_pairs(still) for tag, (_, still) in line["lines"].items()},
    )


def _sets(pairs: Mapping[str, Any]) -> dict[str, BitMap]:
    return {tag: units_of_pairs(units) for tag, units in pairs.items()}


def units_of_pairs(pairs: Sequence[Sequence[int]]) -> BitMap:
    """The set behind inclusive ranges."""
    units = BitMap()
    for first, last in pairs:
        units.add_range(first, last + 1)
    return units

"""What a replay of the law says, written as rows, many at a time.

Sets are folded in memory, batch by batch; only what is left of them is written.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import Final

from pyroaring import BitMap

from apps.core.custody import Batch, Container, Move, Place, State
from apps.custody import models
from apps.custody.formats import CHUNK, chunk_ends, to_bytes, written
from apps.custody.operations.bulk import Bulk
from apps.custody.operations.despatched import Despatches
from apps.custody.queries.closed import Closed, moves_in
from apps.custody.queries.judged import columns_of, moves_of
from apps.custody.queries.replay import Judged

_NOWHERE: Final = Place("", "", "")
_VECTOR_BYTES: Final = 4 * CHUNK


class ReplayedRows:
    """Takes events one after the other, and at the end the state they led to.

    Args:
        batch_ids: catalog row of every batch tag.
        state: what the replay folds; read while events are taken.
    """

    def __init__(self, *, batch_ids: Mapping[str, int], state: State[BitMap]) -> None:
        self._batch_ids, self._state = batch_ids, state
        self._events = Bulk(models.Event, "id", *_EVENT)
        self._lines = Bulk(models.EventLine, *_LINE)
        self._chunks = Bulk(
            models.EventChunk, "batch", "line", "chunk_no", "first", "last"
        )
        self._despatches = Despatches(batch_ids=batch_ids, state=state)
        self.count = 0

    def take_closed(self, closed: Closed) -> None:
        """The rows that a closing keeps."""
        for line in closed.events:
            columns = {**line["event"], "is_corrected": line["is_corrected"]}
            event_id = self._add_event(columns)
            self._despatches.note_event(line["event"]["ref"], event_id)
            for move in moves_in(line):
                self._add_line(event_id, move)
        for line in closed.despatches:
            self._despatches.take_closed(line)

    def take(self, judged: Judged) -> None:
        """One more event, which the state has taken already."""
        columns = {**columns_of(judged), "is_corrected": False}
        event_id = self._add_event(columns)
        for move in moves_of(judged):
            self._add_line(event_id, move)
        self._despatches.take(judged, event_id)

    def finish(self) -> None:
        """Everything that follows from the state as it is now."""
        for bulk in (self._events, self._lines, self._chunks):
            bulk.flush()
        self._despatches.write()
        containers = self._write_containers()
        self._write_places(containers)
        self._mark_corrected()

    def _add_event(self, columns: Mapping[str, object]) -> int:
        event_id = self._events.new_id()
        self._events.add(event_id, *(columns[name] for name in _EVENT))
        self.count += 1
        return event_id

    def _add_line(self, event_id: int, move: Move[BitMap]) -> None:
        source, target = move.source or _NOWHERE, move.target
        batch_id, line_id = self._batch_ids[move.tag], self._lines.new_id()
        self._lines.add(
            *(line_id, event_id, batch_id),
            *(source.holder, source.site, source.status),
            *(target.holder, target.site, target.status),
            *(len(move.units), to_bytes(move.units)),
        )
        for ends in chunk_ends(move.units):
            self._chunks.add(batch_id, line_id, *ends)

    def _write_containers(self) -> dict[str, int]:
        """The rows of all containers; their numbers by EPC."""
        rows = Bulk(models.Container, "id", "epc", "holder", "site", "status", "parent")
        lines = Bulk(models.ContainerLine, "container", "batch", "count", "units")
        boxes = self._state.containers
        numbers = {epc: rows.new_id() for epc in sorted(boxes)}
        for epc, number in numbers.items():
            box = boxes[epc]
            if box.parent is None:
                rows.add(number, epc, *box.place, None)
            else:
                rows.add(number, epc, *_NOWHERE, numbers[box.parent])
            for tag, units in box.units.items():
                if units:
                    batch_id = self._batch_ids[tag]
                    lines.add(number, batch_id, len(units), to_bytes(units))
        rows.flush()
        lines.flush()
        return numbers

    def _write_places(self, containers: Mapping[str, int]) -> None:
        holdings = Bulk(models.Holding, "id", "batch", *_PLACE, "count", "units")
        holds = Bulk(models.BatchHold, "batch", "owner", "reason", "units")
        vectors = Bulk(
            models.ForwardChunk, "batch", "chunk_no", "holdings", "containers"
        )
        inside = _outermost_first(self._state.containers)
        for tag, batch in self._state.batches.items():
            batch_id = self._batch_ids[tag]
            held = _vector(batch.size)
            for place, units in batch.holdings.items():
                number = holdings.new_id()
                holdings.add(number, batch_id, *place, len(units), to_bytes(units))
                written(held, units, number)
            boxed = _vector(batch.size)
            for epc, units in inside.get(tag, ()):
                written(boxed, units, containers[epc])
            _add_vectors(vectors.add, batch_id, batch, held.tobytes(), boxed.tobytes())
            for key, units in batch.held.items():
                holds.add(batch_id, key.owner, key.reason, to_bytes(units))
        for bulk in (holdings, holds, vectors):
            bulk.flush()

    def _mark_corrected(self) -> None:
        corrected = [r.ref for r in self._state.events.values() if r.is_corrected]
        models.Event.objects.filter(ref__in=corrected).update(is_corrected=True)


def _add_vectors(
    add: Callable[..., None],
    batch_id: int,
    batch: Batch[BitMap],
    held: bytes,
    boxed: bytes,
) -> None:
    for number in range(-(-batch.size // CHUNK)):
        part = slice(number * _VECTOR_BYTES, (number + 1) * _VECTOR_BYTES)
        add(batch_id, number, held[part], boxed[part])


def _vector(size: int) -> array[int]:
    """Zeros for every ordinal, up to the end of the last chunk."""
    return array("I", bytes(_VECTOR_BYTES * -(-size // CHUNK)))


def _outermost_first(
    boxes: Mapping[str, Container[BitMap]],
) -> dict[str, list[tuple[str, BitMap]]]:
    """What is inside by batch: a smaller box is written over the one around it."""
    found: dict[str, list[tuple[str, BitMap]]] = {}
    for epc in sorted(boxes, key=lambda epc: _depth(boxes, epc)):
        for tag, units in boxes[epc].units.items():
            found.setdefault(tag, []).append((epc, units))
    return found


def _depth(boxes: Mapping[str, Container[BitMap]], epc: str) -> int:
    depth, parent = 0, boxes[epc].parent
    while parent is not None:
        depth, parent = depth + 1, boxes[parent].parent
    return depth


_EVENT: Final = (
    *("ref", "rule", "biz_step", "disposition", "action", "by"),
    *("site", "counterparty", "accepted_ms", "event_time_ms", "parent_ref"),
    *("shipment_ref", "is_inferred", "is_corrected", "containers"),
)
_LINE: Final = (
    *("id", "event", "batch", "source_holder", "source_site", "source_status"),
    *("target_holder", "target_site", "target_status", "count", "units"),
)
_PLACE: Final = ("holder", "site", "status")

"""Shipments as a replay leaves them: what was sent, what is open, what was short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pyroaring import BitMap

from apps.core.custody import Shipment, State
from apps.core.custody import effects as fx
from apps.custody import models
from apps.custody.formats import to_bytes
from apps.custody.operations.bulk import Bulk
from apps.custody.queries.replay import Judged
from apps.custody.queries.snapshot import Line

_COLUMNS: Final = (
    *("event", "sender", "sender_site", "addressee", "addressee_site", "purpose"),
    *("documents", "is_open"),
)
_LINE: Final = (
    *("shipment", "batch", "sent", "open_units", "sent_count", "open_count"),
)
_SHORTAGE: Final = (
    *("shipment", "batch", "kind", "count", "receipt_ref", "is_settled"),
)
_KIND: Final = "shortage"


@dataclass(slots=True)
class _Despatch:
    """What the state does not know of a shipment."""

    event_id: int
    documents: Sequence[Mapping[str, str]]
    shortages: list[list[Any]] = field(default_factory=list)  # as `_SHORTAGE`


class Despatches:
    """Fed with events in order; the shipments are taken from the state at the end."""

    def __init__(self, *, batch_ids: Mapping[str, int], state: State[BitMap]) -> None:
        self._batch_ids, self._state = batch_ids, state
        self._found: dict[str, _Despatch] = {}
        self._events: dict[str, int] = {}  # of a closing

    def note_event(self, ref: str, event_id: int) -> None:
        """The row of an event that a closing keeps."""
        self._events[ref] = event_id

    def take_closed(self, line: Line) -> None:
        """A despatch that a closing keeps."""
        ref = line["despatch"]
        found = _Despatch(self._events[ref], line["documents"])
        found.shortages = [
            [self._batch_ids[tag], count, receipt_ref, is_settled]
            for receipt_ref, tag, count, is_settled in line["shortages"]
        ]
        self._found[ref] = found

    def take(self, judged: Judged, event_id: int) -> None:
        """One more event, which the state has taken already."""
        judgement = judged.judgement
        for effect in judgement.effects:
            if isinstance(effect, fx.Despatch):
                documents = [dict(each) for each in judged.line.said.documents]
                self._found[effect.shipment.ref] = _Despatch(event_id, documents)
        if judgement.rule.startswith("receiving"):
            self._note_shortages(judgement.shipment, judged.event.ref)

    def _note_shortages(self, ref: str, receipt_ref: str) -> None:
        """After a receipt what did not come is short; what was short before is not."""
        found = self._found.get(ref)
        if found is None:
            return
        for each in found.shortages:
            each[-1] = True
        found.shortages += [
            [batch_id, len(still), receipt_ref, False]
            for batch_id, _, still in self._lines(self._state.shipments[ref])
            if still
        ]

    def _lines(
        self, shipment: Shipment[BitMap]
    ) -> Iterator[tuple[int, BitMap, BitMap]]:
        """Batch row, sent and open units, ascending by row."""
        rows = sorted((self._batch_ids[tag], tag) for tag in shipment.sent)
        for batch_id, tag in rows:
            yield batch_id, shipment.sent[tag], shipment.open.get(tag, BitMap())

    def write(self) -> None:
        """All of them, as they are now."""
        rows = Bulk(models.Shipment, *_COLUMNS)
        lines = Bulk(models.ShipmentLine, *_LINE)
        shortages = Bulk(models.Discrepancy, *_SHORTAGE)
        for ref, found in self._found.items():
            shipment, event_id = self._state.shipments[ref], found.event_id
            sent = list(self._lines(shipment))
            rows.add(
                *(event_id, shipment.source.holder, shipment.source.site),
                *(shipment.addressee, shipment.addressee_site, shipment.purpose),
                *(found.documents, any(still for _, _, still in sent)),
            )
            for batch_id, units, still in sent:
                lines.add(
                    *(event_id, batch_id, to_bytes(units), to_bytes(still)),
                    *(len(units), len(still)),
                )
            for batch_id, *rest in found.shortages:
                shortages.add(event_id, batch_id, _KIND, *rest)
        for bulk in (rows, lines, shortages):
            bulk.flush()

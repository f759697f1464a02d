"""Compare the rows of events, shipments and shortages with the replayed ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.core.custody import Place
from apps.core.custody import Shipment as Despatched
from apps.core.custody.effects import Despatch
from apps.custody.formats import to_set
from apps.custody.models import (
    Discrepancy,
    Event,
    EventLine,
    Shipment,
    ShipmentLine,
)
from apps.custody.queries.compare_lines import LineChecker, compare_chunks
from apps.custody.queries.replay import Judged, Replay
from apps.custody.queries.snapshot import event_line

_Shortage = tuple[str, str, str, int, bool]  # shipment, receipt, tag, units, settled


class EventChecker:
    """Fed with each judged event, it compares what the event left behind."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._lines = LineChecker()
        self._shortages: dict[str, list[_Shortage]] = {}
        self._documents: dict[str, list[Any]] = {}

    def check_closed(self) -> Iterator[str]:
        """Where the rows of events differ from the closing that keeps them."""
        closed = self._replay.closed
        if closed is None:
            return
        tags = {row.pk: bytes(row.tag).hex() for row in catalog.list_all_batches()}
        for line in closed.events:
            ref = line["event"]["ref"]
            self._lines.count += len(line["moves"])
            row = Event.objects.filter(ref=ref).prefetch_related("lines").first()
            if row is None:
                yield f"event {ref}: missing"
            # What was taken back later is compared with the replay.
            elif event_line(row, tags) | {"is_corrected": line["is_corrected"]} != line:
                yield f"event {ref}: differs from the closing"
        for line in closed.despatches:
            ref = line["despatch"]
            self._documents[ref] = line["documents"]
            self._shortages[ref] = [
                (ref, receipt, tag, count, is_settled)
                for receipt, tag, count, is_settled in line["shortages"]
            ]

    def check(self, judged: Judged) -> Iterator[str]:
        """Take one more event; where the rows and lines of earlier ones differ."""
        self._note(judged)
        yield from self._lines.check(judged)

    def finish(self) -> Iterator[str]:
        """Where the rows and lines of the last events differ."""
        yield from self._lines.finish()

    def check_rest(self) -> Iterator[str]:
        """After the last event: rows that no event left, and what changed later."""
        yield from self._check_numbers()
        yield from compare_chunks()
        yield from self._check_shipments()
        yield from self._check_shortages()

    def _note(self, judged: Judged) -> None:
        """Keep what later rows are made of, as the state is now."""
        for effect in judged.judgement.effects:
            if isinstance(effect, Despatch):
                documents = [dict(each) for each in judged.line.said.documents]
                self._documents[effect.shipment.ref] = documents
        if judged.judgement.rule.startswith("receiving"):
            ref = judged.judgement.shipment
            before = [(*each[:4], True) for each in self._shortages.get(ref, [])]
            missing = self._replay.state.shipments[ref].open
            self._shortages[ref] = before + [
                (ref, judged.line.ref, tag, len(units), False)
                for tag, units in missing.items()
                if units
            ]

    def _check_numbers(self) -> Iterator[str]:
        events = self._replay.state.events.values()
        corrected = {record.ref for record in events if record.is_corrected}
        marked = Event.objects.filter(is_corrected=True)
        for ref in sorted(corrected ^ set(marked.values_list("ref", flat=True))):
            yield f"event {ref}: is_corrected differs"
        for name, found, wanted in (
            ("events", Event.objects.count(), len(events)),
            ("event lines", EventLine.objects.count(), self._lines.count),
        ):
            if found != wanted:
                yield f"{name}: {found}, replayed {wanted}"

    def _check_shipments(self) -> Iterator[str]:
        wanted = self._replay.state.shipments
        rows = Shipment.objects.select_related("event")
        found = {row.event.ref: row for row in rows.prefetch_related("lines__batch")}
        for ref in sorted(set(found) | set(wanted)):
            row, shipment = found.get(ref), wanted.get(ref)
            if row is None or shipment is None:
                yield f"shipment {ref[:16]}: in one of ledger and tables only"
            else:
                yield from _compare_shipment(row, shipment, self._documents[ref])

    def _check_shortages(self) -> Iterator[str]:
        rows = Discrepancy.objects.filter(kind="shortage").values_list(
            "shipment__event__ref", "receipt_ref", "batch__tag", "count", "is_settled"
        )
        found = Counter(
            (ref, receipt, bytes(tag).hex(), count, is_settled)
            for ref, receipt, tag, count, is_settled in rows
        )
        wanted = Counter(each for kept in self._shortages.values() for each in kept)
        for ref in sorted({each[0] for each in (found - wanted) + (wanted - found)}):
            yield f"shipment {ref[:16]}: shortages differ"
        strange = Discrepancy.objects.exclude(kind="shortage")
        for ref in strange.values_list("shipment__event__ref", flat=True):
            yield f"shipment {ref[:16]}: a discrepancy of an unknown kind"


def _compare_shipment(
    row: Shipment, shipment: Despatched[BitMap], documents: list[Any]
) -> Iterator[str]:
    name, lines = f"shipment {row.event.ref[:16]}", list(row.lines.all())
    source = Place(row.sender, row.sender_site, "in_transit")
    for fact, found, wanted in (
        ("sender", source, shipment.source),
        ("addressee", row.addressee, shipment.addressee),
        ("addressee's site", row.addressee_site, shipment.addressee_site),
        ("purpose", row.purpose, shipment.purpose),
        ("documents", row.documents, documents),
        ("being open", row.is_open, any(shipment.open.values())),
        ("units sent", _sets(lines, "sent"), shipment.sent),
        ("units under way", _sets(lines, "open_units"), shipment.open),
    ):
        if found != wanted:
            yield f"{name}: {fact} differ"
    for line in lines:
        counts = (line.sent_count, line.open_count)
        if counts != (len(to_set(line.sent)), len(to_set(line.open_units))):
            yield f"{name}: counts differ"


def _sets(lines: list[ShipmentLine], column: str) -> dict[str, BitMap]:
    return {
        bytes(line.batch.tag).hex(): to_set(getattr(line, column)) for line in lines
    }

"""One pack: where it is now, and the links of its custody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.core.custody import HoldKey
from apps.custody.formats import CHUNK, read_vector, to_set
from apps.custody.models import (
    BatchHold,
    Container,
    EventChunk,
    EventLine,
    ForwardChunk,
    Holding,
    RecallScope,
    SerialNumber,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A pack as the ledger knows it now.

    Attributes:
        holder: GLN of who holds it, or answers for it under way.
        recall_ids: open recalls that cover it, the first opened first.
        holds: who put it on hold, and why, the first of them first.
        container: EPC of its innermost container, "" when it is loose.
    """

    batch_id: int
    ordinal: int
    gtin: str
    lot: str
    serial: str
    expiry_date: date
    holder: str
    site: str
    status: str
    recall_ids: tuple[str, ...]
    holds: tuple[HoldKey, ...]
    container: str

    @property
    def is_recalled(self) -> bool:
        """Whether an open recall covers the pack."""
        return bool(self.recall_ids)


@dataclass(frozen=True, slots=True)
class Link:
    """One step in a pack's custody.

    Attributes:
        counterparty: GLN of the addressee, "" where the step has none.
        shipment_ref: the despatch that the step opens or settles, "" if none.
    """

    ref: str
    statement_id: str
    rule: str
    by: str
    site: str
    source_holder: str
    target_holder: str
    target_status: str
    accepted_ms: int
    event_time_ms: int
    is_inferred: bool
    is_corrected: bool
    counterparty: str
    shipment_ref: str


def find_unit(*, gtin: str, serial: str) -> Unit | None:
    """The pack with this GTIN-14 and serial, or None: it was never commissioned."""
    row = (
        SerialNumber.objects.filter(product__gtin=gtin, serial=serial)
        .values_list("batch_id", "ordinal")
        .first()
    )
    if row is None:
        return None
    batch_id, ordinal = row
    batch = catalog.get_batch(batch_id)
    holding, container = _vectors(batch_id, ordinal)
    place = Holding.objects.get(pk=holding)
    return Unit(
        batch_id=batch_id,
        ordinal=ordinal,
        gtin=gtin,
        lot=batch.lot,
        serial=serial,
        expiry_date=batch.expiry_date,
        holder=place.holder,
        site=place.site,
        status=place.status,
        recall_ids=recalls_of(batch_id=batch_id, ordinal=ordinal),
        holds=_holds(batch_id, ordinal),
        container=_epc(container),
    )


def _vectors(batch_id: int, ordinal: int) -> tuple[int, int]:
    chunk = ForwardChunk.objects.get(batch_id=batch_id, chunk_no=ordinal // CHUNK)
    offset = ordinal % CHUNK
    holdings, containers = read_vector(chunk.holdings), read_vector(chunk.containers)
    return holdings[offset], containers[offset]


def _epc(container_id: int) -> str:
    if not container_id:
        return ""
    return Container.objects.values_list("epc", flat=True).get(pk=container_id)


def recalls_of(*, batch_id: int, ordinal: int) -> tuple[str, ...]:
    """Open recalls that cover one unit, the first opened first."""
    scopes = RecallScope.objects.filter(batch_id=batch_id).order_by("pk")
    return tuple(
        scope.recall_id
        for scope in scopes
        if scope.is_whole or ordinal in to_set(scope.units)
    )


def recalls_of_batch(*, batch_id: int) -> tuple[tuple[str, bool], ...]:
    """Open recalls in the batch, the first opened first; True: all of its units."""
    scopes = RecallScope.objects.filter(batch_id=batch_id).order_by("pk")
    return tuple(scopes.values_list("recall_id", "is_whole"))


def _holds(batch_id: int, ordinal: int) -> tuple[HoldKey, ...]:
    rows = BatchHold.objects.filter(batch_id=batch_id).order_by("pk")
    return tuple(
        HoldKey(row.owner, row.reason) for row in rows if ordinal in to_set(row.units)
    )


def history(*, batch_id: int, ordinal: int) -> list[Link]:
    """Every link of one pack's custody, the first one first."""
    rows = (
        EventChunk.objects.filter(batch_id=batch_id, chunk_no=ordinal // CHUNK)
        .select_related("line__event")
        .order_by("line_id")
    )
    one = BitMap([ordinal])
    return [_link(row.line) for row in rows if one <= to_set(row.line.units)]


def _link(line: EventLine) -> Link:
    event = line.event
    return Link(
        ref=event.ref,
        statement_id=event.statement_id,
        rule=event.rule,
        by=event.by,
        site=event.site,
        source_holder=line.source_holder,
        target_holder=line.target_holder,
        target_status=line.target_status,
        accepted_ms=event.accepted_ms,
        event_time_ms=event.event_time_ms,
        is_inferred=event.is_inferred,
        is_corrected=event.is_corrected,
        counterparty=event.counterparty,
        shipment_ref=event.shipment_ref,
    )

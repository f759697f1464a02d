"""A judgement's effects, written into custody's tables one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap

from apps.core.custody import HoldKey, Judgement, Move, Place
from apps.core.custody import effects as fx
from apps.custody.formats import chunk_ends, to_bytes, to_set
from apps.custody.models import (
    BatchHold,
    Container,
    ContainerLine,
    Event,
    EventChunk,
    EventLine,
    Holding,
)
from apps.custody.operations import despatches, forward


@dataclass(frozen=True, slots=True)
class Row:
    """What an event's row says beside the judgement."""

    ref: str
    by: str
    site: str
    biz_step: str
    disposition: str
    action: str
    counterparty: str
    accepted_ms: int
    event_time_ms: int
    parent_ref: str
    is_inferred: bool
    containers: tuple[str, ...]
    documents: tuple[Mapping[str, str], ...]


def project(
    *, row: Row, judgement: Judgement[BitMap], batch_ids: Mapping[str, int]
) -> Event:
    """Write the event and everything that follows from it.

    Args:
        batch_ids: catalog row of every batch tag that the effects name.
    """
    event = Event.objects.create(
        ref=row.ref,
        rule=judgement.rule,
        biz_step=row.biz_step,
        disposition=row.disposition,
        action=row.action,
        by=row.by,
        site=row.site,
        counterparty=row.counterparty,
        accepted_ms=row.accepted_ms,
        event_time_ms=row.event_time_ms,
        parent_ref=row.parent_ref,
        shipment_ref=judgement.shipment,
        is_inferred=row.is_inferred,
        containers=list(row.containers),
    )
    for effect in judgement.effects:
        _project_one(event, effect, batch_ids, row)
    return event


def _project_one(
    event: Event, effect: fx.Effect[BitMap], batch_ids: Mapping[str, int], row: Row
) -> None:
    match effect:
        case Move():
            move_units(batch_ids[effect.tag], effect)
            add_line(event, batch_ids[effect.tag], effect)
        case fx.Despatch() | fx.Settle() | fx.Reopen():
            despatches.project_effect(event, effect, batch_ids, row.documents)
        case fx.Hold():
            _change_hold(batch_ids[effect.tag], effect.key, add=effect.units)
        case fx.Lift():
            _change_hold(batch_ids[effect.tag], effect.key, take=effect.units)
        case fx.MarkCorrected():
            Event.objects.filter(ref=effect.ref).update(is_corrected=True)
        case _:
            _project_container(effect, batch_ids)


def move_units(batch_id: int, move: Move[BitMap]) -> Holding:
    """Take the units from the holding they are in, put them where they go."""
    if move.source is not None:
        source = _holding(batch_id, move.source)
        rest = to_set(source.units) - move.units
        _store_holding(source, rest)
    target = put_in_holding(batch_id, move)
    forward.set_holding(batch_id=batch_id, units=move.units, holding_id=target.pk)
    return target


def put_in_holding(batch_id: int, move: Move[BitMap]) -> Holding:
    """Add the units to the holding where they go; the vectors are the caller's."""
    target = _holding(batch_id, move.target)
    _store_holding(target, to_set(target.units) | move.units)
    return target


def _holding(batch_id: int, place: Place) -> Holding:
    row, _ = Holding.objects.get_or_create(
        batch_id=batch_id,
        holder=place.holder,
        site=place.site,
        status=place.status,
        defaults={"count": 0, "units": b""},
    )
    return row


def _store_holding(row: Holding, units: BitMap) -> None:
    # An emptied row stays: its number may stand in vectors of a running read.
    Holding.objects.filter(pk=row.pk).update(count=len(units), units=to_bytes(units))


def add_line(event: Event, batch_id: int, move: Move[BitMap]) -> None:
    """What the event moved in one batch, findable from every chunk it touches."""
    source = move.source or Place("", "", "")
    line = EventLine.objects.create(
        event=event,
        batch_id=batch_id,
        source_holder=source.holder,
        source_site=source.site,
        source_status=source.status,
        target_holder=move.target.holder,
        target_site=move.target.site,
        target_status=move.target.status,
        count=len(move.units),
        units=to_bytes(move.units),
    )
    EventChunk.objects.bulk_create(
        [
            EventChunk(batch_id=batch_id, line=line, **ends._asdict())
            for ends in chunk_ends(move.units)
        ],
        batch_size=500,
    )


def _change_hold(
    batch_id: int,
    key: HoldKey,
    *,
    add: BitMap | None = None,
    take: BitMap | None = None,
) -> None:
    hold, _ = BatchHold.objects.get_or_create(
        batch_id=batch_id,
        owner=key.owner,
        reason=key.reason,
        defaults={"units": b""},
    )
    units = (to_set(hold.units) | (add or BitMap())) - (take or BitMap())
    BatchHold.objects.filter(pk=hold.pk).update(units=to_bytes(units))


def _project_container(effect: Any, batch_ids: Mapping[str, int]) -> None:
    match effect:
        case fx.NewContainer():
            Container.objects.create(
                epc=effect.epc,
                holder=effect.place.holder,
                site=effect.place.site,
                status=effect.place.status,
            )
        case fx.PutIn():
            _put_in(effect, batch_ids[effect.tag])
        case fx.TakeOut():
            _take_out(effect, batch_ids[effect.tag])
        case fx.Nest():
            parent = Container.objects.filter(epc=effect.parent).first()
            Container.objects.filter(epc=effect.epc).update(parent=parent)
        case fx.Carry():
            Container.objects.filter(epc=effect.epc).update(
                holder=effect.place.holder,
                site=effect.place.site,
                status=effect.place.status,
            )


def _put_in(effect: fx.PutIn[BitMap], batch_id: int) -> None:
    container = Container.objects.get(epc=effect.epc)
    line, _ = ContainerLine.objects.get_or_create(
        container=container, batch_id=batch_id, defaults={"count": 0, "units": b""}
    )
    _store_line(line, to_set(line.units) | effect.units)
    forward.put_in(batch_id=batch_id, units=effect.units, container_id=container.pk)


def _take_out(effect: fx.TakeOut[BitMap], batch_id: int) -> None:
    line = ContainerLine.objects.select_related("container").get(
        container__epc=effect.epc, batch_id=batch_id
    )
    _store_line(line, to_set(line.units) - effect.units)
    forward.take_out(
        batch_id=batch_id, units=effect.units, container_id=line.container_id
    )


def _store_line(line: ContainerLine, units: BitMap) -> None:
    rows = ContainerLine.objects.filter(pk=line.pk)
    if units:
        rows.update(count=len(units), units=to_bytes(units))
    else:
        rows.delete()

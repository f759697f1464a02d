"""What the rows of an event say, as the replay judged it."""

from __future__ import annotations

from typing import Any

from pyroaring import BitMap

from apps.core.custody import Move, Place
from apps.custody.queries.replay import Judged


def columns_of(judged: Judged) -> dict[str, Any]:
    """The columns of the event's row, but whether it was taken back later."""
    line, event = judged.line, judged.event
    said = line.said
    return {
        "ref": event.ref,
        "rule": judged.judgement.rule,
        "biz_step": said.biz_step,
        "disposition": said.disposition,
        "action": said.action,
        "by": event.by,
        "site": said.site,
        "counterparty": said.destination,
        "accepted_ms": judged.accepted_ms,
        "event_time_ms": said.event_time_ms,
        "parent_ref": line.parents[0] if line.parents else "",
        "shipment_ref": judged.judgement.shipment,
        "is_inferred": said.is_inferred,
        "containers": [*said.sscc, *([said.parent] if said.parent else [])],
    }


def moves_of(judged: Judged) -> list[Move[BitMap]]:
    """The event's lines: what it moved, new units from nowhere."""
    moves, new = list(judged.judgement.moves), judged.event.new_units
    if new is not None:
        place = Place(judged.event.by, judged.line.said.site, "active")
        moves.append(Move(new.tag, new.units, None, place))
    return moves

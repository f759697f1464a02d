"""Who held what of a lot or of one pack, and when: nodes and edges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from apps.catalog.models import Batch
from apps.catalog.queries import batches_visible_to, find_batch
from apps.custody.queries.holders import ever_held, holders
from apps.custody.queries.moves import BatchMove, moves_of, moves_of_unit
from apps.custody.queries.registry import find_positions
from apps.custody.queries.units import find_unit
from apps.partners.queries import Actor
from apps.partners.queries.names import partners_by_gln
from apps.recalls.formats import LIVE


@dataclass(frozen=True, slots=True)
class Node:
    """A partner; `held` counts what it holds now, `supplied` what ended with it."""

    gln: str
    name: str
    role: str
    country: str
    held: int
    supplied: int


@dataclass(frozen=True, slots=True)
class Edge:
    """One signed move of units; `source` is "" where they were made."""

    source: str
    target: str
    rule: str
    source_status: str
    target_status: str
    count: int
    accepted_ms: int
    event_time_ms: int
    statement: str
    is_inferred: bool
    is_corrected: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """The way of a lot or pack, as far as the reader may see it.

    Attributes:
        is_complete: False for a holder, who sees its own links only.
    """

    gtin: str
    product: str
    lot: str
    serial: str
    expiry_date: date
    size: int
    is_complete: bool
    nodes: list[Node]
    edges: list[Edge]


def find_trace(*, gtin: str, lot: str, serial: str, actor: Actor) -> Trace | None:
    """The trace of a lot, or of one pack of it; None if it is foreign or missing."""
    batch = find_batch(gtin=gtin, lot=lot)
    if batch is None:
        return None
    ordinal = _ordinal(batch, serial)
    if serial and ordinal is None:
        return None
    is_complete = batches_visible_to(actor).filter(pk=batch.pk).exists()
    if not is_complete and not _had(batch, ordinal, actor.gln):
        return None
    moves = (
        moves_of(batch_id=batch.pk)
        if ordinal is None
        else moves_of_unit(batch_id=batch.pk, ordinal=ordinal)
    )
    if not is_complete:
        moves = [move for move in moves if actor.gln in _parties(move)]
    now = _now(batch, serial if ordinal is not None else "")
    glns = {gln for move in moves for gln in _parties(move)} - {""}
    shown = now if is_complete else {actor.gln: now.get(actor.gln, (0, 0))}
    return Trace(
        gtin=gtin,
        product=str(batch.product),
        lot=lot,
        serial=serial,
        expiry_date=batch.expiry_date,
        size=batch.size if ordinal is None else 1,
        is_complete=is_complete,
        nodes=_nodes(glns, shown),
        edges=[_edge(move) for move in moves],
    )


def _ordinal(batch: Batch, serial: str) -> int | None:
    found = find_positions([(batch.product.gtin, serial)]) if serial else {}
    for batch_id, ordinal in found.values():
        if batch_id == batch.pk:
            return ordinal
    return None


def _had(batch: Batch, ordinal: int | None, gln: str) -> bool:
    held = ever_held(batch_id=batch.pk, gln=gln)
    return bool(held) if ordinal is None else ordinal in held


def _parties(move: BatchMove) -> set[str]:
    return {move.source_holder, move.target_holder}


def _now(batch: Batch, serial: str) -> dict[str, tuple[int, int]]:
    """Units held, and ended or supplied, by holder now."""
    if serial:
        unit = find_unit(gtin=batch.product.gtin, serial=serial)
        places = [(unit.holder, unit.status, 1)] if unit else []
    else:
        rows = holders(batch_id=batch.pk)
        places = [(row.holder, row.status, row.count) for row in rows]
    found: dict[str, tuple[int, int]] = {}
    for holder, status, count in places:
        held, gone = found.get(holder, (0, 0))
        is_live = status in LIVE
        found[holder] = (held + count, gone) if is_live else (held, gone + count)
    return found


def _nodes(glns: Iterable[str], now: dict[str, tuple[int, int]]) -> list[Node]:
    known = partners_by_gln(glns)
    nodes = []
    for gln in sorted(glns):
        partner = known.get(gln)
        held, supplied = now.get(gln, (0, 0))
        nodes.append(
            Node(
                gln=gln,
                name=partner.name if partner else "",
                role=partner.role if partner else "",
                country=partner.country if partner else "",
                held=held,
                supplied=supplied,
            )
        )
    return nodes


def _edge(move: BatchMove) -> Edge:
    return Edge(
        source=move.source_holder,
        target=move.target_holder,
        rule=move.rule,
        source_status=move.source_status,
        target_status=move.target_status,
        count=move.count,
        accepted_ms=move.accepted_ms,
        event_time_ms=move.event_time_ms,
        statement=move.ref,
        is_inferred=move.is_inferred,
        is_corrected=move.is_corrected,
    )

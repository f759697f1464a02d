"""Who held what of a lot or of one pack, and when: nodes and edges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from apps.catalog.queries import find_batch
from apps.custody.queries.holders import holders
from apps.custody.queries.moves import BatchMove, moves_of, moves_of_unit
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


@dataclass(frozen=True, slots=True)
class _Traced:
    """What is traced: the lot, or one pack of it.

    Attributes:
        now: units held, and ended or supplied, by holder.
    """

    product: str
    expiry_date: date
    size: int
    brand_owner: str
    moves: list[BatchMove]
    now: dict[str, tuple[int, int]]


def find_trace(*, gtin: str, lot: str, serial: str, actor: Actor) -> Trace | None:
    """The trace of a lot, or of one pack of it; None if it is foreign or missing.

    Three questions for a pack, four for a lot.
    """
    found = (
        _find_pack(gtin=gtin, lot=lot, serial=serial)
        if serial
        else _find_lot(gtin=gtin, lot=lot)
    )
    if found is None:
        return None
    is_complete = actor.is_regulator or actor.gln == found.brand_owner
    moves = found.moves
    if not is_complete:
        if not any(move.target_holder == actor.gln for move in moves):
            return None
        moves = [move for move in moves if actor.gln in _parties(move)]
    glns = {gln for move in moves for gln in _parties(move)} - {""}
    own = {actor.gln: found.now.get(actor.gln, (0, 0))}
    return Trace(
        gtin=gtin,
        product=found.product,
        lot=lot,
        serial=serial,
        expiry_date=found.expiry_date,
        size=found.size,
        is_complete=is_complete,
        nodes=_nodes(glns, found.now if is_complete else own),
        edges=[_edge(move) for move in moves],
    )


def _find_pack(*, gtin: str, lot: str, serial: str) -> _Traced | None:
    unit = find_unit(gtin=gtin, serial=serial)
    if unit is None or unit.lot != lot:
        return None
    return _Traced(
        product=unit.product,
        expiry_date=unit.expiry_date,
        size=1,
        brand_owner=unit.brand_owner,
        moves=moves_of_unit(batch_id=unit.batch_id, ordinal=unit.ordinal),
        now=_now([(unit.holder, unit.status, 1)]),
    )


def _find_lot(*, gtin: str, lot: str) -> _Traced | None:
    batch = find_batch(gtin=gtin, lot=lot)
    if batch is None:
        return None
    places = holders(batch_id=batch.pk)
    return _Traced(
        product=str(batch.product),
        expiry_date=batch.expiry_date,
        size=batch.size,
        brand_owner=batch.product.brand_owner.gln,
        moves=moves_of(batch_id=batch.pk),
        now=_now([(each.holder, each.status, each.count) for each in places]),
    )


def _parties(move: BatchMove) -> set[str]:
    return {move.source_holder, move.target_holder}


def _now(places: Iterable[tuple[str, str, int]]) -> dict[str, tuple[int, int]]:
    """Units held, and ended or supplied, by holder, of places with status and count."""
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

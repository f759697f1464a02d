"""What may be read about packs, containers, holdings and shipments."""

from apps.custody.queries.balance import lot_of
from apps.custody.queries.drafts import draft_event, draft_events, redraft_event
from apps.custody.queries.erasure import draft_erasure, find_prepared
from apps.custody.queries.holders import (
    Held,
    Share,
    count_by_status,
    ever_held,
    holders,
    shares,
    stock,
)
from apps.custody.queries.lot_drafts import draft_commissioning, seed_of
from apps.custody.queries.proofs import find_pack_proof, find_statement_proof
from apps.custody.queries.registry import find_positions, find_taken, serials_of
from apps.custody.queries.scopes import (
    batches_in_scope,
    covered_units,
    units_in_scope,
)
from apps.custody.queries.shipments import (
    Despatch,
    ListedItem,
    find_despatch,
    incoming,
    is_addressee,
    open_items,
    outgoing,
)
from apps.custody.queries.step_proofs import find_step_proof
from apps.custody.queries.units import Link, Unit, find_unit, history, recalls_of

__all__ = [
    "Despatch",
    "Held",
    "Link",
    "ListedItem",
    "Share",
    "Unit",
    "batches_in_scope",
    "count_by_status",
    "covered_units",
    "draft_commissioning",
    "draft_erasure",
    "draft_event",
    "draft_events",
    "ever_held",
    "find_despatch",
    "find_pack_proof",
    "find_positions",
    "find_prepared",
    "find_statement_proof",
    "find_step_proof",
    "find_taken",
    "find_unit",
    "history",
    "holders",
    "incoming",
    "is_addressee",
    "lot_of",
    "open_items",
    "outgoing",
    "recalls_of",
    "redraft_event",
    "seed_of",
    "serials_of",
    "shares",
    "stock",
    "units_in_scope",
]

"""What was said, read back."""

from apps.ledger.queries.leaves import (
    StoredLeaf,
    chain_of,
    count_leaves,
    get_leaf,
    leaves_among,
    leaves_by_hash,
    leaves_of,
    list_leaves,
)
from apps.ledger.queries.statements import (
    StoredStatement,
    find_accepted,
    find_accepted_ms,
    find_quarantine,
    find_vault,
    get_envelope,
    iter_statements,
    keyids_of,
    list_alike,
    oldest_pending_ms,
    require_no_quarantine,
    signers_of,
)

__all__ = [
    "StoredLeaf",
    "StoredStatement",
    "chain_of",
    "count_leaves",
    "find_accepted",
    "find_accepted_ms",
    "find_quarantine",
    "find_vault",
    "get_envelope",
    "get_leaf",
    "iter_statements",
    "keyids_of",
    "leaves_among",
    "leaves_by_hash",
    "leaves_of",
    "list_alike",
    "list_leaves",
    "oldest_pending_ms",
    "require_no_quarantine",
    "signers_of",
]

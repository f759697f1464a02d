"""The only writers of the ledger: append what was said, hand it to the sequencer."""

from apps.ledger.formats import Accepted, Submission
from apps.ledger.operations.append import (
    Prepared,
    append_statement,
    append_statements,
    prepare_statements,
)
from apps.ledger.operations.keeping import (
    erase_vault,
    lift_quarantine,
    quarantine,
)
from apps.ledger.operations.sequencing import (
    LEAF_COLUMNS,
    LeafRow,
    append_leaves,
    take_pending,
)

__all__ = [
    "LEAF_COLUMNS",
    "Accepted",
    "LeafRow",
    "Prepared",
    "Submission",
    "append_leaves",
    "append_statement",
    "append_statements",
    "erase_vault",
    "lift_quarantine",
    "prepare_statements",
    "quarantine",
    "take_pending",
]

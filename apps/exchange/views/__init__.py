"""Pages about the ledger: heads, entries, signed statements."""

from apps.exchange.views.log import entry, entry_proof, explorer
from apps.exchange.views.statements import statement

__all__ = ["entry", "entry_proof", "explorer", "statement"]

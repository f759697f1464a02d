"""Pages about the ledger: heads, entries, signed statements, and checking all of it."""

from apps.exchange.views.log import entry, entry_proof, explorer
from apps.exchange.views.statements import statement
from apps.exchange.views.verify import verify

__all__ = ["entry", "entry_proof", "explorer", "statement", "verify"]

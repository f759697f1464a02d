"""The machine door's addresses: drafts, statements, and what became of them."""

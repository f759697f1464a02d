"""Pages of the packaging line."""

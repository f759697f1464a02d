"""Pages of the bulk door."""

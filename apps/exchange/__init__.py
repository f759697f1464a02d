"""The machine door: statements and drafts, and the trade's standard formats."""

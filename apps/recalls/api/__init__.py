"""The machine door of recalls."""

"""The packaging line, read."""

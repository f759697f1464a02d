"""Anchors on a chain of Ethereum's kind, verified with nothing but a block's hash."""

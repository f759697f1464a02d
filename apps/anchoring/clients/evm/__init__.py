"""Anchors on a chain of Ethereum's kind: an event of a small contract holds the head."""

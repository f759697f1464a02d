"""The demo network: who plays in it, with which keys, and what has happened so far."""

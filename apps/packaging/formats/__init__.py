"""How the packaging line reads and writes its texts."""

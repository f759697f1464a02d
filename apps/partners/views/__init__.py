"""Pages about who may speak."""

"""A network of a million packs, or of ten: the same for the same seed."""

"""Golden vectors of our own formats: bytes that may never change again."""

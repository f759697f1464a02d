"""What the packaging line writes, besides pools and uploads themselves."""

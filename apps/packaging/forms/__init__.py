"""What people and machines may ask of the packaging line."""

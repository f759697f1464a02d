"""The bulk door for machines."""

"""The packaging line for machines."""

"""Counts as the reader's language writes them."""

from django.utils.formats import number_format


def grouped(n: int) -> str:
    """A count with its thousands grouped: 12,000 in English, 12.000 in German."""
    return number_format(n, force_grouping=True)

"""Serials of a file that a serial pool does not give away, each with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from apps.catalog.models import Product
from apps.intake.formats.rows import LineError
from apps.pools.queries import meet_pools


def refused_by_pools(
    *, product: Product, lot: str, serials: Mapping[str, int]
) -> Iterator[LineError]:
    """An error for each serial that its pool does not have printed, for this lot.

    Args:
        serials: line by serial.
    """
    for met in meet_pools(product=product, lot=lot, serials=serials):
        for serial, state in met.refused.items():
            yield LineError(
                line_no=serials[serial],
                code="serial_of_pool",
                field="serial",
                got=f"{serial}, {state}",
                wanted="a serial that is printed, and for this lot",
                row=serial,
            )

"""Serials of cold lots, whose registry rows stand in blocks (ADR 38).

Whoever looks into the registry and does not find a serial looks here too. Of a product
without an archived lot that is one question; else one block of each of its archived
lots is looked into for a serial, and every block of them for an upload.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from pyroaring import BitMap

from apps.core.errors import IntegrityBreach
from apps.custody.models import ArchivedBatch, SerialBlock
from apps.edge.replica import read_connection as connection

BLOCK: Final = 512
Position = tuple[int, int]  # batch row, ordinal
_WANTED: Final = {
    "postgresql": "SELECT unnest(string_to_array(%s, E'\\n'))::varchar AS serial",
    "sqlite": "SELECT value AS serial FROM json_each(%s)",
}
_HOLDS: Final = {
    "postgresql": "strpos(b.serials, E'\\n' || w.serial || E'\\n') > 0",
    "sqlite": "instr(b.serials, char(10) || w.serial || char(10)) > 0",
}
_FIND: Final = {
    vendor: f"SELECT w.serial, b.batch_id, b.serials, b.ordinals FROM ({wanted}) w"  # noqa: S608 - constants
    " JOIN catalog_product p ON p.gtin = %s"
    " JOIN custody_archivedbatch a ON a.product_id = p.id"
    " JOIN custody_serialblock b ON b.batch_id = a.batch_id AND b.first ="
    " (SELECT MAX(c.first) FROM custody_serialblock c"
    " WHERE c.batch_id = a.batch_id AND c.first <= w.serial)"
    f" WHERE b.last >= w.serial AND {_HOLDS[vendor]}"
    for vendor, wanted in _WANTED.items()
}
_LOTS: Final = "SELECT batch_id FROM custody_archivedbatch WHERE product_id = %s"
_BLOCKS: Final = (
    "SELECT serials FROM custody_serialblock"
    " WHERE batch_id = %s AND last >= %s AND first <= %s"
)


def pack_block(rows: Sequence[tuple[str, int]]) -> SerialBlock:
    """A block, not yet of any batch, of rows sorted by serial."""
    serials = [serial for serial, _ in rows]
    return SerialBlock(
        first=serials[0],
        last=serials[-1],
        count=len(rows),
        serials="\n".join(["", *serials, ""]),
        ordinals=array("I", [ordinal for _, ordinal in rows]).tobytes(),
    )


def read_block(block: SerialBlock) -> list[tuple[str, int]]:
    """Serials with their ordinals, as they stand.

    Raises:
        IntegrityBreach: `block_unreadable`: what is found in it by its edges and its
            order would not be all that it holds.
    """
    serials = block.serials[1:-1].split("\n")
    data = bytes(block.ordinals)
    ends = (serials[0], serials[-1], len(serials), 4 * len(serials))
    is_sorted = all(one < other for one, other in pairwise(serials))
    framed = block.serials[:1] + block.serials[-1:]
    if (
        ends != (block.first, block.last, block.count, len(data))
        or framed != "\n\n"
        or not is_sorted
    ):
        raise IntegrityBreach("block_unreadable", field=f"block {block.first}")
    return list(zip(serials, array("I", data), strict=True))


def find_archived(*, gtin: str, serials: Sequence[str]) -> dict[str, Position]:
    """Where packs of cold lots stand, by serial; others are absent from the answer."""
    cold = ArchivedBatch.objects.filter(product__gtin=gtin)
    # Many serials are long to bind; one is its own question.
    if not serials or (len(serials) > 1 and not cold.exists()):
        return {}
    is_postgresql = connection.vendor == "postgresql"
    # A newline stands between serials, so none that holds one can be there.
    asked = [serial for serial in serials if "\n" not in serial]
    listed = "\n".join(asked) if is_postgresql else json.dumps(asked)
    with connection.cursor() as cursor:
        cursor.execute(_FIND[connection.vendor], [listed, gtin])
        return {
            serial: (batch_id, _ordinal(serial, text, ordinals))
            for serial, batch_id, text, ordinals in cursor.fetchall()
        }


def _ordinal(serial: str, text: str, ordinals: bytes | memoryview) -> int:
    place = bisect_left(text[1:-1].split("\n"), serial)
    return array("I", bytes(ordinals))[place]


def find_archived_taken(
    *, product_id: int, parts: Iterable[Sequence[str]], make_cursor: Callable[[], Any]
) -> set[str]:
    """Those of the serials that archived lots of the product have."""
    cursor = make_cursor()
    cursor.execute(_LOTS, [product_id])
    lots = [batch_id for (batch_id,) in cursor.fetchall()]
    if not lots or not (wanted := {serial for part in parts for serial in part}):
        return set()
    found: set[str] = set()
    for batch_id in lots:
        cursor.execute(_BLOCKS, [batch_id, min(wanted), max(wanted)])
        for (text,) in cursor.fetchall():
            found |= wanted.intersection(text[1:-1].split("\n"))
    return found


def archived_units(*, batch_id: int, serials: Iterable[str]) -> BitMap:
    """The units of one archived lot that have these serials."""
    wanted = set(serials)
    return BitMap(
        ordinal for serial, ordinal in iter_archived(batch_id) if serial in wanted
    )


def iter_archived(batch_id: int) -> Iterator[tuple[str, int]]:
    """Serials with ordinals of one archived lot, sorted; nothing of any other.

    Raises:
        IntegrityBreach: a block is not as `pack_block` makes it, or overlaps another.
    """
    last = ""
    for block in SerialBlock.objects.filter(batch_id=batch_id).order_by("first"):
        rows = read_block(block)
        if block.first <= last:
            raise IntegrityBreach("block_unreadable", field=f"block {block.first}")
        last = block.last
        yield from rows


def count_archived() -> int:
    """How many serials stand in blocks."""
    return sum(SerialBlock.objects.values_list("count", flat=True))


def list_archived() -> list[int]:
    """The batches that are archived, by row."""
    return list(ArchivedBatch.objects.order_by("pk").values_list("pk", flat=True))

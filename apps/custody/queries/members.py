"""Which lines of a chunk moved one pack: most of the others are left out by the database.

A chunk of 1,024 packs has some 150 lines, of which one pack has ten. PostgreSQL looks at
the ends of each stored set where it lies, and sends those that may hold the pack; whether
they do is asked of the set itself, here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db import connection

from apps.custody.formats import CHUNK, to_set
from apps.edge.reading import Row

# Nearly all lines have one container (65,536 ordinals with the same upper half), of runs
# or as a list. Of those the upper half, the first and the last ordinal are read, each two
# bytes, little-endian. Source: RoaringFormatSpec, "Cookie header" to "Containers".
_RUNS: Final = r"'\x3b30000001'"  # cookie 12347, one container, it is of runs
_LIST: Final = r"'\x3a30000001000000'"  # cookie 12346, one container
_SHORTEST: Final = 15  # bytes: one run
_LONGEST: Final = (
    16 + 2 * 4_096
)  # bytes: from there on it may be a bit for each ordinal
_MAY_HOLD: Final = {
    "postgresql": f"""CASE
  WHEN octet_length(l.units) NOT BETWEEN {_SHORTEST} AND {_LONGEST} - 1 THEN TRUE
  WHEN substring(l.units FROM 1 FOR 5) = {_RUNS} THEN
    substring(l.units FROM 6 FOR 2) = %(upper)s AND %(lower)s
      BETWEEN get_byte(l.units, 11) + 256 * get_byte(l.units, 12)
      AND get_byte(l.units, octet_length(l.units) - 4)
        + get_byte(l.units, octet_length(l.units) - 2)
        + 256 * (get_byte(l.units, octet_length(l.units) - 3)
          + get_byte(l.units, octet_length(l.units) - 1))
  WHEN substring(l.units FROM 1 FOR 8) = {_LIST} THEN
    substring(l.units FROM 9 FOR 2) = %(upper)s AND %(lower)s
      BETWEEN get_byte(l.units, 16) + 256 * get_byte(l.units, 17)
      AND get_byte(l.units, octet_length(l.units) - 2)
        + 256 * get_byte(l.units, octet_length(l.units) - 1)
  ELSE TRUE END""",
    # It reads rows in this process: nothing is sent.
    "sqlite": "TRUE",
}


# Each line is looked up by its number. As a plain join the planner, which had not counted
# a new lot's lines and took them for three, read all of them for each line of the chunk.
_LINES: Final = {
    "postgresql": """custody_eventchunk x
CROSS JOIN LATERAL (
  SELECT * FROM custody_eventline
  WHERE batch_id = x.batch_id AND id = x.line_id OFFSET 0) l""",
    "sqlite": """custody_eventchunk x
JOIN custody_eventline l ON l.batch_id = x.batch_id AND l.id = x.line_id""",
}


def chunk_lines() -> str:
    """SQL for the lines `l` of chunks `x`, to stand after FROM."""
    return _LINES[connection.vendor]


def may_hold() -> str:
    """SQL about a line `l`, with `pack_arguments`: false where it has not the pack."""
    return _MAY_HOLD[connection.vendor]


def pack_arguments(*, batch_id: int, ordinal: int) -> dict[str, Any]:
    """What a question about one pack is asked with: `batch`, `chunk` and the pack."""
    upper, lower = divmod(ordinal, 1 << 16)
    return {
        "batch": batch_id,
        "chunk": ordinal // CHUNK,
        "upper": upper.to_bytes(2, "little"),
        "lower": lower,
    }


def with_pack(rows: Iterable[Row], ordinal: int, *, place: int) -> Iterator[Row]:
    """The rows of lines that have the pack; at `place` they have their sets.

    Raises:
        IntegrityBreach: `set_unreadable`.
    """
    return (row for row in rows if ordinal in to_set(row[place]))

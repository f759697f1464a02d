"""Which lines of a chunk moved one pack: most of the others are left out by the database.

A chunk of 1,024 packs has some 170 lines, of which one pack has ten. The index of chunks
knows the first and the last unit of each; whether a line between whose ends the pack
stands has it is asked of the line's own set, here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db import connection

from apps.custody.formats import CHUNK, to_set
from apps.edge.reading import Row

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
MAY_HOLD: Final = (
    "x.batch_id = %(batch)s AND x.chunk_no = %(chunk)s"
    " AND %(place)s BETWEEN x.first AND x.last"
)


def chunk_lines() -> str:
    """SQL for the lines `l` of chunks `x`, to stand after FROM; `MAY_HOLD` after WHERE."""
    return _LINES[connection.vendor]


def pack_arguments(*, batch_id: int, ordinal: int) -> dict[str, Any]:
    """What `MAY_HOLD` is asked with of one pack: `batch`, `chunk` and `place`."""
    chunk, place = divmod(ordinal, CHUNK)
    return {"batch": batch_id, "chunk": chunk, "place": place}


def with_pack(rows: Iterable[Row], ordinal: int, *, place: int) -> Iterator[Row]:
    """The rows of lines that have the pack; at `place` they have their sets.

    Raises:
        IntegrityBreach: `set_unreadable`.
    """
    return (row for row in rows if ordinal in to_set(row[place]))

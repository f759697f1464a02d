"""What a step writes to the write-ahead log: records, and images of whole pages.

The first change of a page after a checkpoint writes all of it; a running server does
that once a page and checkpoint, so it says more of the checkpoints than of the step.
Both are read from the log itself, by the server's own `pg_waldump`.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from tests.embedded import find_postgresql

# rmgr: Heap  len (rec/tot): 203/ 8190, tx: 756, ... blkref #0: rel 1663/5/16400 blk 0
_RECORD: Final = re.compile(r"len \(rec/tot\):\s*(\d+)/\s*(\d+)")
_RELATION: Final = re.compile(r"rel \d+/\d+/(\d+)")
_FILES: Final = """
SELECT pg_relation_filenode(c.oid)::text
FROM pg_class c
LEFT JOIN pg_index i ON i.indexrelid = c.oid
JOIN pg_class t ON coalesce(i.indrelid, c.oid) IN (t.oid, t.reltoastrelid)
WHERE c.relkind IN ('r', 'i', 't') AND t.relname LIKE %s
"""


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes of the log that one step wrote.

    Args:
        records: without images of pages.
        custody: the part of them that changes tables of custody or their indexes.
        images: of whole pages, compressed if the server does that.
    """

    records: int
    custody: int
    images: int


def written_by(link: psycopg.Connection, work: Callable[[], object]) -> Written:
    """Do the work; what the whole server wrote meanwhile, so nothing else may run."""
    (folder,) = _row(link, "SHOW data_directory")
    (start,) = _row(link, "SELECT pg_current_wal_insert_lsn()")
    work()
    (end,) = _row(link, "SELECT pg_current_wal_insert_lsn()")
    # A commit of our own behind it: all of it is in the file now.
    _row(link, "SELECT pg_logical_emit_message(true, 'bench', '')")
    said = subprocess.run(
        [
            *(_binary(), f"--path={folder}/pg_wal", f"--start={start}"),
            f"--end={end}",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    files = {each for (each,) in link.execute(_FILES, ["custody\\_%"]).fetchall()}
    return _summed(said.stdout, files)


def _summed(told: str, custody: set[str]) -> Written:
    records = own = images = 0
    for line in told.splitlines():
        found = _RECORD.search(line)
        if found is None:
            continue
        size, whole = map(int, found.groups())
        records += size
        images += whole - size
        if custody.intersection(_RELATION.findall(line)):
            own += size
    return Written(records, own, images)


def _binary() -> Path:
    folder = find_postgresql()
    assert folder is not None
    return folder / "pg_waldump"


def _row(link: psycopg.Connection, question: str) -> tuple[str, ...]:
    row = link.execute(question).fetchone()
    assert row is not None
    return row

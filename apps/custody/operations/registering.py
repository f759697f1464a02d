"""The registry's rows and the evidence beside them, a whole lot at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import count

from django.db import IntegrityError, connection, transaction

from apps.catalog import queries as catalog
from apps.core.errors import LedgerConflict
from apps.custody.formats import CHUNK
from apps.custody.models import StagedChunk, Staging
from apps.custody.queries.archived import find_archived_taken
from apps.custody.queries.containers import case_serials

_SORT_MEMORY = "128MB"
_ROWS = 20_000  # in one piece of COPY


def register_staged(*, staging: Staging, batch_id: int) -> None:
    """Enter staged serials into the registry and keep them, by ordinal, as evidence.

    On PostgreSQL all of it happens in the server: no serial comes here.

    Raises:
        LedgerConflict: `serial_taken`: another upload was faster with a serial.
    """
    if cases := case_serials(gtin=staging.product.gtin):
        _verify_no_case(_staged(staging), cases)
    _keep_chunks(staging, batch_id)
    if connection.vendor == "postgresql":
        write = partial(_insert_kept, batch_id, staging.base)
    else:
        write = partial(_insert, batch_id, staging.base, _staged(staging))
    _register(batch_id, _staged(staging), write)


def register(*, batch_id: int, base: int, serials: Sequence[str]) -> None:
    """Enter a batch's serials, ordinals from `base` on, into the registry.

    Raises:
        LedgerConflict: `serial_taken`.
    """
    write = _copy if connection.vendor == "postgresql" else _insert
    _register(batch_id, [serials], partial(write, batch_id, base, [serials]))


def _staged(staging: Staging) -> Iterator[Sequence[str]]:
    chunks = StagedChunk.objects.filter(staging=staging).order_by("chunk_no")
    for text in chunks.values_list("serials", flat=True):
        yield text.split("\n")


def _verify_no_case(parts: Iterable[Sequence[str]], cases: set[str]) -> None:
    for part in parts:
        if not cases.isdisjoint(part):
            raise _taken()


def _taken() -> LedgerConflict:
    return LedgerConflict(
        "serial_taken", wanted="serials that the product does not have yet"
    )


def _keep_chunks(staging: Staging, batch_id: int) -> None:
    """Staged chunks are cut where ordinals are, so they are kept as they stand."""
    number = staging.base // CHUNK
    # SQLite keeps a UUID as text.
    key = Staging._meta.pk.get_db_prep_value(staging.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO custody_serialchunk (batch_id, chunk_no, first, serials)"
            " SELECT %s, chunk_no + %s, CASE WHEN chunk_no = 0 THEN %s"
            " ELSE (chunk_no + %s) * %s END, serials"
            " FROM custody_stagedchunk WHERE staging_id = %s ORDER BY chunk_no",
            [batch_id, number, staging.base, number, CHUNK, key],
        )


def _register(
    batch_id: int, parts: Iterable[Sequence[str]], write: Callable[[int], None]
) -> None:
    """Have the rows written; `parts`, the same serials, are read for cold lots only."""
    product_id = catalog.get_batch(batch_id).product_id
    # Serials of cold lots stand in blocks, where no constraint looks; whoever archives
    # holds the product locked, as the caller does.
    if find_archived_taken(
        product_id=product_id, parts=parts, make_cursor=connection.cursor
    ):
        raise _taken()
    try:
        with transaction.atomic():
            write(product_id)
    except IntegrityError as error:
        raise _taken() from error


def _insert_kept(batch_id: int, base: int, product_id: int) -> None:
    """From the rows that were just kept, sorted by the server: see `_copy`."""
    with connection.cursor() as cursor:
        # A million serials are sorted in memory; until the transaction's end.
        cursor.execute("SELECT set_config('work_mem', %s, true)", [_SORT_MEMORY])
        cursor.execute(
            "INSERT INTO custody_serialnumber (product_id, serial, batch_id, ordinal)"
            " SELECT %s, said.serial, kept.batch_id, kept.first + said.number - 1"
            " FROM custody_serialchunk kept, unnest(string_to_array(kept.serials,"
            " E'\\n')) WITH ORDINALITY said (serial, number)"
            " WHERE kept.batch_id = %s AND kept.first >= %s"
            ' ORDER BY said.serial COLLATE "C"',
            [product_id, batch_id, base],
        )


def _copy(
    batch_id: int, base: int, parts: Iterable[Sequence[str]], product_id: int
) -> None:
    # Sorted by key the index grows at its edge: three times as fast. A tab sorts before
    # every character of GS1's set 82, so sorted lines are sorted serials.
    ordinals = count(base)
    lines = [
        f"{serial}\t{ordinal}"
        for part in parts
        for serial, ordinal in zip(part, ordinals, strict=False)
    ]
    lines.sort()
    end = f"\t{product_id}\t{batch_id}\n"
    # COPY is psycopg's own: its errors are turned into Django's here.
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(
            "COPY custody_serialnumber (serial, ordinal, product_id, batch_id)"
            " FROM STDIN"
        ) as copy,
    ):
        for start in range(0, len(lines), _ROWS):
            text = end.join(lines[start : start + _ROWS]) + end
            # Set 82 has no backslash; one here would be read as an escape.
            copy.write(text.replace("\\", "\\\\"))


def _insert(
    batch_id: int, base: int, parts: Iterable[Sequence[str]], product_id: int
) -> None:
    listed = json.dumps([serial for part in parts for serial in part])
    with connection.cursor() as cursor:
        # One statement, sorted by SQLite itself, is faster than a row at a time.
        cursor.execute(
            "INSERT INTO custody_serialnumber (product_id, serial, batch_id, ordinal)"
            " SELECT %s, value, %s, %s + key FROM json_each(%s) ORDER BY value",
            [product_id, batch_id, base, listed],
        )

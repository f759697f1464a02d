"""The registry's rows and the evidence beside them, a whole lot at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from django.db import IntegrityError, connection, transaction

from apps.catalog import queries as catalog
from apps.core.errors import LedgerConflict
from apps.custody.formats import CHUNK, in_order
from apps.custody.models import StagedChunk, Staging
from apps.custody.queries.archived import find_archived_taken
from apps.custody.queries.containers import case_serials

_ROWS = 20_000  # in one piece of COPY


def register_staged(*, staging: Staging, batch_id: int) -> None:
    """Enter staged serials into the registry and keep them, by ordinal, as evidence.

    Raises:
        LedgerConflict: `serial_taken`: another upload was faster with a serial.
    """
    parts = _staged(staging)
    if cases := case_serials(gtin=staging.product.gtin):
        parts = _verify_no_case(parts, cases)
    _keep_chunks(staging, batch_id)
    _verify_not_cold(staging.product_id, _staged(staging))
    _register(batch_id, staging.base, parts)


def register(*, batch_id: int, base: int, serials: Sequence[str]) -> None:
    """Enter a batch's serials, ordinals from `base` on, into the registry.

    Raises:
        LedgerConflict: `serial_taken`.
    """
    _verify_not_cold(catalog.get_batch(batch_id).product_id, [serials])
    _register(batch_id, base, [serials])


def _staged(staging: Staging) -> Iterator[Sequence[str]]:
    chunks = StagedChunk.objects.filter(staging=staging).order_by("chunk_no")
    for text in chunks.values_list("serials", flat=True):
        yield text.split("\n")


def _verify_no_case(
    parts: Iterable[Sequence[str]], cases: set[str]
) -> Iterator[Sequence[str]]:
    for part in parts:
        if not cases.isdisjoint(part):
            raise _taken()
        yield part


def _taken() -> LedgerConflict:
    return LedgerConflict(
        "serial_taken", wanted="serials that the product does not have yet"
    )


def _verify_not_cold(product_id: int, parts: Iterable[Sequence[str]]) -> None:
    """Serials of cold lots stand in blocks, where no constraint looks.

    Whoever archives holds the product locked, as the caller does. `parts` are read only
    if the product has a cold lot.
    """
    taken = find_archived_taken(
        product_id=product_id, parts=parts, make_cursor=connection.cursor
    )
    if taken:
        raise _taken()


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


def _register(batch_id: int, base: int, parts: Iterable[Sequence[str]]) -> None:
    product_id = catalog.get_batch(batch_id).product_id
    write = _copy if connection.vendor == "postgresql" else _insert
    try:
        with transaction.atomic():
            write(product_id, batch_id, base, parts)
    except IntegrityError as error:
        raise _taken() from error


def _copy(
    product_id: int, batch_id: int, base: int, parts: Iterable[Sequence[str]]
) -> None:
    # Sorted by key the index grows at its edge: three times as fast. A tab sorts before
    # every character of GS1's set 82, so sorted lines are sorted serials.
    ordinals = count(base)
    lines = [
        f"{serial}\t{ordinal}"
        for part in parts
        for serial, ordinal in zip(part, ordinals, strict=False)
    ]
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
        for group in in_order(lines):
            for start in range(0, len(group), _ROWS):
                text = end.join(group[start : start + _ROWS]) + end
                # Set 82 has no backslash; one here would be read as an escape.
                copy.write(text.replace("\\", "\\\\"))


def _insert(
    product_id: int, batch_id: int, base: int, parts: Iterable[Sequence[str]]
) -> None:
    listed = json.dumps([serial for part in parts for serial in part])
    with connection.cursor() as cursor:
        # One statement, sorted by SQLite itself, is faster than a row at a time.
        cursor.execute(
            "INSERT INTO custody_serialnumber (product_id, serial, batch_id, ordinal)"
            " SELECT %s, value, %s, %s + key FROM json_each(%s) ORDER BY value",
            [product_id, batch_id, base, listed],
        )

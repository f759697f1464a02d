"""Reads of the serial registry: which pack is which ordinal of which batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from psycopg import Pipeline

from apps.catalog import queries as catalog
from apps.core.custody.said import Pack
from apps.custody.formats import CHUNK
from apps.custody.models import SerialChunk, StagedChunk
from apps.custody.queries.archived import find_archived, find_archived_taken
from apps.edge.replica import read_connection as connection

Position = tuple[int, int]  # batch row, ordinal
_AT_ONCE = 900
ASKED_AT_ONCE = 50_000
_DENSE = 8  # serials of a product for each that is asked for


def find_positions(packs: Iterable[Pack]) -> dict[Pack, Position]:
    """Where each known pack stands; unknown packs are absent from the answer."""
    found: dict[Pack, Position] = {}
    ordered = sorted(set(packs))
    for gtin, group in groupby(ordered, key=lambda pack: pack[0]):
        serials = [serial for _, serial in group]
        for start in range(0, len(serials), _AT_ONCE):
            part = serials[start : start + _AT_ONCE]
            found.update(_find(gtin, part))
        cold = [serial for serial in serials if (gtin, serial) not in found]
        for serial, position in find_archived(gtin=gtin, serials=cold).items():
            found[gtin, serial] = position
    return found


def _find(gtin: str, serials: Sequence[str]) -> Mapping[Pack, Position]:
    marks = ",".join(["%s"] * len(serials))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.serial, s.batch_id, s.ordinal FROM custody_serialnumber s"  # noqa: S608 - marks
            " JOIN catalog_product p ON p.id = s.product_id"
            f" WHERE p.gtin = %s AND s.serial IN ({marks})",
            [gtin, *serials],
        )
        return {(gtin, row[0]): (row[1], row[2]) for row in cursor.fetchall()}


def find_known(*, product_id: int, serials: Sequence[str]) -> dict[str, Position]:
    """Where each of `serials` that the product has stands; 50,000 are one question."""
    found: dict[str, Position] = {}
    for start in range(0, len(serials), ASKED_AT_ONCE):
        sql, parameters = _question(product_id, serials[start : start + ASKED_AT_ONCE])
        wider = sql.replace("SELECT serial", "SELECT serial, batch_id, ordinal", 1)
        with connection.cursor() as cursor:
            cursor.execute(wider, parameters)
            found.update((row[0], (row[1], row[2])) for row in cursor.fetchall())
    if cold := [serial for serial in serials if serial not in found]:
        gtin = catalog.gtin_of(product_id)
        found.update(find_archived(gtin=gtin, serials=cold))
    return found


def find_taken(*, product_id: int, serials: Sequence[str]) -> list[str]:
    """Those of `serials` that the product has already, in the order given."""
    ordered = sorted(serials)
    with asking(product_id=product_id, count=len(ordered)) as asked:
        for start in range(0, len(ordered), ASKED_AT_ONCE):
            asked.put(ordered[start : start + ASKED_AT_ONCE])
        taken = asked.taken()
    return [serial for serial in serials if serial in taken]


def iter_staged(*, product_id: int) -> Iterator[str]:
    """Serials of the product that wait for a signature."""
    chunks = StagedChunk.objects.filter(staging__product_id=product_id)
    for text in chunks.values_list("serials", flat=True).iterator():
        yield from text.split("\n")


class Asking:
    """Asks which serials a product has already; `asking` makes one."""

    def __init__(
        self, product_id: int, make_cursor: Callable[[], Any], *, is_dense: bool
    ) -> None:
        self._product_id = product_id
        self._make_cursor = make_cursor
        self._is_dense = is_dense
        self._asked: list[tuple[Sequence[str], Any]] = []

    def put(self, serials: Sequence[str]) -> None:
        """Ask for these too.

        Args:
            serials: at most `ASKED_AT_ONCE`, for the memory of a question; ascending,
                also from one to the next: so they meet the index's pages warm.
        """
        cursor = self._make_cursor()
        if self._is_dense:
            cursor.execute(*_dense_question(self._product_id, serials))
        else:
            cursor.execute(*_question(self._product_id, serials))
        self._asked.append((serials, cursor))

    def taken(self) -> set[str]:
        """Those that the product has, of all that were asked for."""
        taken = find_archived_taken(
            product_id=self._product_id,
            parts=[serials for serials, _ in self._asked],
            make_cursor=self._make_cursor,
        )
        for _, cursor in self._asked:
            taken.update(serial for (serial,) in cursor.fetchall())
        return taken


@contextmanager
def asking(*, product_id: int, count: int) -> Iterator[Asking]:
    """Ask for serials while the caller goes on; inside, nothing else is to be asked.

    On PostgreSQL questions are sent in libpq's pipeline mode: the server looks into its
    index while the caller works. SQLite has no server, so it answers as it is asked.

    Args:
        count: how many will be asked for in all.
    """
    if connection.vendor != "postgresql" or not Pipeline.is_supported():
        yield Asking(product_id, connection.cursor, is_dense=False)
        return
    is_dense = catalog.count_units(product_id=product_id) <= _DENSE * count
    connection.ensure_connection()
    # Psycopg's own cursors: its errors are turned into Django's here.
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield Asking(product_id, connection.connection.cursor, is_dense=is_dense)


def _question(product_id: int, serials: Sequence[str]) -> tuple[str, list[int | str]]:
    """One parameter for all serials: as many parameters as serials cost minutes."""
    if connection.vendor == "postgresql":
        # No serial holds a newline: one text is bound ten times as fast as a list. Each
        # serial is a question of its own to the index (LIMIT keeps it one): by ANY the
        # planner read all serials of a product whose first lots it had not counted yet,
        # and held each against all that were asked, which took minutes. Asked in the
        # index's own order they meet its pages warm and cost a third.
        return (
            "SELECT serial FROM (SELECT unnest(string_to_array(%s, E'\\n'))"
            ' COLLATE "C" AS asked ORDER BY asked) said,'
            " LATERAL (SELECT serial, batch_id, ordinal FROM custody_serialnumber"
            " WHERE product_id = %s AND serial = said.asked LIMIT 1) known",
            ["\n".join(serials), product_id],
        )
    return (
        "SELECT serial FROM custody_serialnumber WHERE product_id = %s"
        " AND serial IN (SELECT value FROM json_each(%s))",
        [product_id, json.dumps(serials)],
    )


def _dense_question(
    product_id: int, serials: Sequence[str]
) -> tuple[str, list[int | str]]:
    """The product's serials between the ends of ascending ones, read in one go.

    A look-up by serial costs as much as a dozen neighbours. The full join says that
    each side is read once, whatever is counted: there is no nested loop for it, which
    the planner took for a product that it believed to have one serial.
    """
    return (
        "SELECT asked FROM (SELECT unnest(string_to_array(%s, E'\\n'))"
        ' COLLATE "C" AS asked) said FULL JOIN (SELECT serial FROM'
        " custody_serialnumber WHERE product_id = %s AND serial BETWEEN %s AND %s)"
        # Not `IS NOT NULL`, of which the planner would make an inner join again.
        " known ON serial = asked WHERE num_nonnulls(asked, serial) = 2",
        ["\n".join(serials), product_id, serials[0], serials[-1]],
    )


def serials_of(*, batch_id: int, ordinals: Iterable[int]) -> dict[int, str]:
    """Serial by ordinal, read from the batch's chunks."""
    wanted = sorted(ordinals)
    numbers = {ordinal // CHUNK for ordinal in wanted}
    known = serials_in(batch_id=batch_id, chunk_numbers=numbers)
    return {ordinal: known[ordinal] for ordinal in wanted}


def serials_in(*, batch_id: int, chunk_numbers: Iterable[int]) -> dict[int, str]:
    """All serials of some chunks of a batch, by ordinal."""
    numbers = sorted(chunk_numbers)
    known: dict[int, str] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        rows = SerialChunk.objects.filter(
            batch_id=batch_id, chunk_no__in=numbers[start : start + _AT_ONCE]
        )
        for row in rows.iterator():
            known.update(enumerate(row.serials.split("\n"), row.first))
    return known


def commissioned_serials(*, tag: str, base: int, size: int) -> list[str]:
    """The serials of a batch from ordinal `base` on, as they were commissioned."""
    chunks = SerialChunk.objects.filter(
        batch__tag=bytes.fromhex(tag), first__gte=base, first__lt=base + size
    )
    return [
        serial
        for chunk in chunks.order_by("first")
        for serial in chunk.serials.split("\n")
    ]

"""Rows that follow from statements, against those that are stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from pharmatrace.fsck.finding import Finding

Row = dict[str, object]  # value by column, in Django's spelling of a look-up


def compare_rows(
    name: str, key: str, rows: QuerySet[Any], wanted: Mapping[str, Row]
) -> Iterator[Finding]:
    """Every stored row that no statement makes, that is lost, or that differs.

    Args:
        name: what a row is called, in one word.
        key: the column by which a row is found again.
        wanted: the rows that should stand there, all of the same columns.
    """
    columns = list(next(iter(wanted.values()), {}))
    seen = set()
    for found in rows.order_by("pk").values(key, *columns).iterator():
        value = str(_plain(found[key]))
        where = f"{name} {value}"
        seen.add(value)
        if value not in wanted:
            yield Finding(f"{name}_unknown", where)
            continue
        for column in columns:
            got, right = _plain(found[column]), wanted[value][column]
            if got != right:
                code = f"{column.partition('__')[0]}_differs"
                yield Finding(code, where, str(got), str(right))
    for value in sorted(wanted.keys() - seen):
        yield Finding(f"{name}_missing", f"{name} {value}")


def _plain(value: object) -> object:
    """Bytes as hex: each database has a type of its own for them."""
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value

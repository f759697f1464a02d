"""A played ledger, put back row by row instead of being played for every test.

A story is played once a process, through the door, with real signatures, in the
transaction of the first test that wants it. Its rows are kept as the database spells
them; later tests get the same rows into the same empty tables. A story may go on from
where another ended: then what it added is kept, and all of a table that it changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.ledger.models import Statement
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from tests.emptying import list_tables

Said = TypeVar("Said")


@dataclass(frozen=True)
class _Frozen:
    """Where a story left the clock, and what it left in the tables."""

    at: datetime
    said: Any
    added: dict[str, Any]
    emptied: tuple[str, ...]  # before that, where a story changed rows or took them


_FROZEN: dict[tuple[object, ...], _Frozen] = {}


def play(
    name: str, keyring: Keyring, at: datetime, story: Callable[[Stage], object]
) -> Stage:
    """A stage after `story`, which is known by `name`, in a database without rows."""
    stage = Stage(keyring, at)
    _put_back(stage, (name,), story)
    return stage


def play_now(name: str, keyring: Keyring, story: Callable[[Stage], object]) -> Stage:
    """The same on the clock of this machine: what follows comes a minute ago."""
    minute_ago = timezone.now() - timedelta(minutes=1)
    stage = play(name, keyring, minute_ago, story)
    stage.at = max(stage.at, minute_ago)
    return stage


def go_on(stage: Stage, name: str, story: Callable[[Stage], Said]) -> Said:
    """Let `story`, known by `name`, follow on what a fixture played; what it says.

    What it says must mean the same in every test: ids, not rows. Where something else
    was said before, it is another story and is played.
    """
    last = Statement.objects.order_by("-accept_no").values_list("id", flat=True)[:1]
    return cast(Said, _put_back(stage, (name, stage.at, *last), story))


def _put_back(
    stage: Stage, known: tuple[object, ...], story: Callable[[Stage], object]
) -> object:
    key = (
        *(*known, stage.keyring, connection.settings_dict["NAME"]),
        *(settings.SECRETS_DIR, settings.LEDGER_ORIGIN, settings.SITE_URL),
    )
    if key not in _FROZEN:
        before = read_tables()
        said = story(stage)
        _FROZEN[key] = _freeze(stage.at, said, before, read_tables())
    else:
        _write_tables(_FROZEN[key])
        stage.at = _FROZEN[key].at
    return _FROZEN[key].said


def _freeze(
    at: datetime, said: object, before: dict[str, Any], after: dict[str, Any]
) -> _Frozen:
    """What leads from the one to the other; rows of evidence are added only."""
    added, emptied = {}, []
    for name in sorted({*before, *after}):
        old, new = before.get(name, []), after.get(name, [])
        if set(old) <= set(new):
            added[name] = [row for row in new if row not in set(old)]
        else:
            emptied.append(name)
            added[name] = new
    return _Frozen(
        at, said, {name: rows for name, rows in added.items() if rows}, tuple(emptied)
    )


def read_tables() -> dict[str, list[Any]]:
    """Every row of every table that has any, as the database spells it."""
    read = _copy_out if connection.vendor == "postgresql" else _quote
    return {name: rows for name in list_tables() if (rows := read(name))}


def _write_tables(frozen: _Frozen) -> None:
    write = _copy_in if connection.vendor == "postgresql" else _insert
    # Foreign keys are looked at when the transaction ends: no order is needed.
    with transaction.atomic():
        for name in frozen.emptied:
            with connection.cursor() as cursor:
                cursor.execute(f'DELETE FROM "{name}"')
        for name, rows in frozen.added.items():
            write(name, rows)


def _copy_out(table: str) -> list[bytes]:
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" TO STDOUT') as copy,
    ):
        return b"".join(bytes(part) for part in copy).splitlines(keepends=True)


def _copy_in(table: str, rows: list[bytes]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" FROM STDIN') as copy,
    ):
        copy.write(b"".join(rows))


def _quote(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT name FROM pragma_table_info("{table}")')
        columns = ", ".join(f'quote("{name}")' for (name,) in cursor.fetchall())
        cursor.execute(f'SELECT {columns} FROM "{table}"')
        return [", ".join(row) for row in cursor.fetchall()]


def _insert(table: str, rows: list[str]) -> None:
    values = ", ".join(f"({row})" for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{table}" VALUES {values}')

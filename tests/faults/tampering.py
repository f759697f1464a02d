"""Rows changed at random behind the site's back, and what fsck says of each.

Every change is made in a transaction without triggers, in which fsck then looks, and
which ends with nothing changed: a hundred lies cost one ledger.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import DatabaseError, transaction
from django.utils import timezone

from pharmatrace import fsck
from tests.faults.rewriting import unguarded

DELETED = "(a row)"


def list_classes() -> list[tuple[str, str]]:
    """Every (table, column) that the ledger's apps keep and that has a row now."""
    return [
        (model._meta.db_table, column)
        for model in _models().values()
        if model._default_manager.exists()
        for column in (*(each.attname for each in model._meta.concrete_fields), DELETED)
    ]


def tamper(table: str, column: str, seed: int) -> str:
    """What fsck names first after a change at random; "" if it finds nothing."""
    model, dice = _models()[table], random.Random(f"{table} {column} {seed}")
    try:
        with unguarded():
            _change(model, column, dice)
            first = next(iter(fsck.check_everything(at=timezone.now())), None)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return f"the database refuses: {error}"
    return first.sentence() if first else ""


def _models() -> dict[str, Any]:
    return {
        model._meta.db_table: model
        for config in apps.get_app_configs()
        if config.name.startswith("apps.")
        for model in config.get_models(include_auto_created=True)
    }


def _change(model: Any, column: str, dice: random.Random) -> None:
    rows = model._default_manager.all()
    if column != DELETED:
        rows = rows.exclude(**{column: None})
    key = dice.choice(sorted(rows.values_list("pk", flat=True), key=str))
    row = model._default_manager.filter(pk=key)
    if column == DELETED:
        row._raw_delete(row.db)
        return
    [value] = row.values_list(column, flat=True)
    row.update(**{column: _other(value, dice)})


def _other(value: Any, dice: random.Random) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + dice.randrange(10_000, 20_000)
    if isinstance(value, datetime | date):
        return value + timedelta(days=dice.choice((-1, 1)))
    if isinstance(value, str):
        return _other_text(value, dice)
    if isinstance(value, bytes | memoryview):
        changed = bytearray(bytes(value) or b"\0")
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
        return bytes(changed)
    return {"another": "value"} if value != {"another": "value"} else {}


def _other_text(value: str, dice: random.Random) -> str:
    if not value:
        return "x"
    at = dice.randrange(len(value))
    other = dice.choice([each for each in "1a" if each != value[at]])
    return value[:at] + other + value[at + 1 :]


def tamper_all(classes: list[tuple[str, str]], seed: int) -> list[str]:
    """For each class what `tamper` found."""
    return [tamper(table, column, seed) for table, column in classes]

"""Instances of models out of hand-written SQL, for questions that every request asks.

The ORM writes such a question anew each time, which takes longer than its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.db import connection, models

_Model = TypeVar("_Model", bound=models.Model)
_Converter = Callable[[Any, Any, Any], Any]


class Columns(Generic[_Model]):
    """Every column of a model, in the order in which its instances are made of them."""

    def __init__(self, model: type[_Model]) -> None:
        self._model = model
        self._names = [field.attname for field in model._meta.concrete_fields]
        self.count = len(self._names)

    def of(self, alias: str) -> str:
        """The columns as a list for SELECT, of the table that is called `alias`."""
        quoted = (f'{alias}."{f.column}"' for f in self._model._meta.concrete_fields)
        return ", ".join(quoted)

    def read(self, values: Sequence[Any]) -> _Model:
        """The instance that `count` values of a row stand for."""
        found = list(values)
        for place, expression, converters in _converters(
            self._model, connection.vendor
        ):
            for convert in converters:
                found[place] = convert(found[place], expression, connection)
        return self._model.from_db(connection.alias, self._names, found)


def read_moment(value: datetime | str) -> datetime:
    """An aware moment as a driver gives it; SQLite's are text or naive, in UTC."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=64)
def _converters(
    model: type[models.Model], _vendor: str
) -> list[tuple[int, Any, list[_Converter]]]:
    """What the database's values still need to be those of the model, by place."""
    found = []
    for place, field in enumerate(model._meta.concrete_fields):
        column = field.get_col(model._meta.db_table)
        by_vendor = connection.ops.get_db_converters(column)
        converters = [*by_vendor, *column.get_db_converters(connection)]
        if converters:
            found.append((place, column, converters))
    return found

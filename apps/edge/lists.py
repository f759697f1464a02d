"""A list of any length as one argument of a question, on either database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from django.db import connection

_AMONG: Final = {
    "postgresql": "= ANY(%({name})s::{type}[])",
    # On SQLite a list comes as JSON text.
    "sqlite": "IN (SELECT value FROM json_each(%({name})s))",
}


def among(name: str, kind: str = "text") -> str:
    """SQL that says: among those of the named argument; `kind` is text or bigint."""
    return _AMONG[connection.vendor].format(name=name, type=kind)


def among_any(name: str, kind: str = "text") -> str:
    """As `among` on PostgreSQL, where the planner does not see how long the list is.

    A plan for the few that it sees looks better than one for any, so it would be made
    anew each time.
    """
    return f"= ANY((SELECT %({name})s::{kind}[])::{kind}[])"


def texts(values: Iterable[str]) -> str:
    """Texts as such an argument."""
    chosen = list(values)
    return array(chosen) if connection.vendor == "postgresql" else json.dumps(chosen)


def numbers(values: Iterable[int]) -> str:
    """Numbers as such an argument.

    PostgreSQL gets their text: else every size of number would be a type of its own,
    and every such list a statement to prepare anew.
    """
    chosen = list(values)
    return array(chosen) if connection.vendor == "postgresql" else json.dumps(chosen)


def array(values: Iterable[object]) -> str:
    """Values as the text of a PostgreSQL array; None is NULL, bytes are bytea.

    One type of argument however many there are, so one statement to prepare.
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(value)
        case bytes():
            return f'"\\\\x{value.hex()}"'
        case _:
            escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'

"""How custody keeps the names of events in rows: as bytes, half as long as their text.

A statement is its 32 bytes; line `k` of its file of events has four more, big-endian,
so that a statement and its lines stand side by side in an index (ADR 40).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field
from typing_extensions import override

from apps.core.errors import MalformedInput
from apps.core.subjects import Reference
from apps.edge.lists import array

_ID: Final = 32
_LAST_LINE: Final = 999_999_999  # more has no reference's text
_UNKNOWN: Final = b"\0"  # no event's name
_AMONG: Final = {
    "postgresql": "= ANY(%({name})s::bytea[])",
    "sqlite": "IN (SELECT reference_bytes(value) FROM json_each(%({name})s))",
}
_HEX: Final = {"postgresql": "encode({}, 'hex')", "sqlite": "lower(hex({}))"}


def reference_bytes(text: str) -> bytes:
    """`id` or `id#k` as its row has it, "" as nothing; other texts name no event."""
    if not text:
        return b""
    try:
        named = Reference.parse(text)
    except MalformedInput:
        return _UNKNOWN
    if not named.statement_id:
        return _UNKNOWN
    line = b"" if named.line is None else named.line.to_bytes(4, "big")
    return bytes.fromhex(named.statement_id) + line


def reference_text(stored: bytes | memoryview) -> str:
    """The text behind stored bytes: `id`, `id#k` or ""."""
    data = bytes(stored)
    line = f"#{int.from_bytes(data[_ID:], 'big')}" if len(data) > _ID else ""
    return data[:_ID].hex() + line


def reference_of(digits: str) -> str:
    """The text behind the digits of stored bytes (`hex_sql`)."""
    return reference_text(bytes.fromhex(digits))


def statement_of(ref: str) -> str:
    """The statement that an event's reference names."""
    return ref.partition("#")[0]


def events_of(statement_id: str) -> tuple[str, str]:
    """The first and the last reference that events of a statement can have."""
    return statement_id, f"{statement_id}#{_LAST_LINE}"


def among_refs(name: str) -> str:
    """SQL that says: among those of the named argument, made by `references`."""
    return _AMONG[connection.vendor].format(name=name)


def references(refs: Iterable[str]) -> str:
    """References as such an argument."""
    if connection.vendor == "postgresql":
        return array(reference_bytes(ref) for ref in refs)
    return json.dumps([*refs])


def hex_sql(column: str) -> str:
    """SQL for the digits of a reference, where only text may stand."""
    return _HEX[connection.vendor].format(column)


def statement_sql(column: str) -> str:
    """SQL for the id of the statement that a reference names."""
    return hex_sql(f"substr({column}, 1, {_ID})")


# Django's own field has no brackets: those are the type checker's.
if TYPE_CHECKING:
    _TextField = Field[str, str]
else:
    _TextField = Field


class ReferenceField(_TextField):
    """An event's reference: text here, bytes in its row."""

    @override
    def get_internal_type(self) -> str:
        """The type of its column."""
        return "BinaryField"

    @override
    def get_prep_value(self, value: Any) -> Any:
        """As it is asked for; a text that names no event is found nowhere."""
        return reference_bytes(value) if isinstance(value, str) else value

    @override
    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """As it is written.

        Raises:
            RuntimeError: the text is no reference; whoever wrote it did not look.
        """
        if isinstance(value, str) and reference_bytes(value) == _UNKNOWN:
            raise RuntimeError(f"no reference of an event: {value!r}")
        return super().get_db_prep_save(value, connection)

    def from_db_value(self, value: Any, *_: Any) -> str | None:
        """As it was written."""
        return None if value is None else reference_text(value)

"""What is said again of statements that a suspect key signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from .canonical import JsonValue
from .fields import Fields


@dataclass(frozen=True, slots=True)
class KeyReattest:
    """A party stands by statements that a key of its own signed while it was suspect.

    Which ones are the statement's parents. It stands in the party's chain, never in
    the key's: that one ends with its revocation.

    Args:
        keyid: the revoked key, 64 hex digits.
        note: how it was looked at again, "" if nothing is said.
    """

    keyid: str
    note: str = ""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `key.reattest`."""
        has_note = fields.has("note")
        return cls(
            keyid=fields.hexed("keyid").hex(),
            note=fields.prose("note") if has_note else "",
        )

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        made: dict[str, JsonValue] = {"keyid": self.keyid}
        if self.note:
            made["note"] = self.note
        return made

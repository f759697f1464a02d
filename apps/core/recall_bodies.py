"""What is said when a recall is opened, changed, closed or answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from .canonical import JsonValue
from .errors import MalformedInput
from .fields import Fields
from .recall import CLASSES, DEPTHS, Scope, parse_scope

# What became of the units, in the words of recall effectiveness checks.
ANSWER_STATES: Final = frozenset(
    {"quarantined", "returned", "destroyed", "supplied", "in_transit", "not_found"}
)


@dataclass(frozen=True, slots=True)
class RecallOpen:
    """A recall; its id is the statement's id.

    Args:
        scope: which units of the product, as typed by `recall.parse_scope`.
        scope_json: the same as it is signed.
        recall_class: I, II or III (21 CFR 7.3(m)).
        depth: how far down the chain (21 CFR 7.42(b)(1)).
        return_to: GLN that goods may be sent to, "" if none is named.
        reference: the opener's own number, "" if none.
    """

    gtin: str
    scope: Scope
    scope_json: Mapping[str, JsonValue] = field(repr=False)
    recall_class: str
    reason: str
    instructions: str
    depth: str
    return_to: str = ""
    reference: str = ""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `recall.open`."""
        scope, scope_json = _read_scope(fields)
        has_return, has_reference = fields.has("return_to"), fields.has("reference")
        return cls(
            gtin=fields.gtin("gtin"),
            scope=scope,
            scope_json=scope_json,
            recall_class=fields.word("class", frozenset(CLASSES)),
            reason=fields.prose("reason"),
            instructions=fields.prose("instructions"),
            depth=fields.word("depth", frozenset(DEPTHS)),
            return_to=fields.gln("return_to") if has_return else "",
            reference=fields.text("reference", longest=80) if has_reference else "",
        )

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        made: dict[str, JsonValue] = {
            "gtin": self.gtin,
            "scope": dict(self.scope_json),
            "class": self.recall_class,
            "reason": self.reason,
            "instructions": self.instructions,
            "depth": self.depth,
        }
        if self.return_to:
            made["return_to"] = self.return_to
        if self.reference:
            made["reference"] = self.reference
        return made


@dataclass(frozen=True, slots=True)
class RecallAmend:
    """A new scope in place of the old one, and why."""

    recall: str
    scope: Scope
    scope_json: Mapping[str, JsonValue] = field(repr=False)
    reason: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `recall.amend`."""
        scope, scope_json = _read_scope(fields)
        return cls(
            recall=_read_recall(fields),
            scope=scope,
            scope_json=scope_json,
            reason=fields.prose("reason"),
        )

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        return {
            "recall": self.recall,
            "scope": dict(self.scope_json),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class RecallClose:
    """The end of a recall, and why."""

    recall: str
    reason: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `recall.close`."""
        return cls(recall=_read_recall(fields), reason=fields.prose("reason"))

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        return {"recall": self.recall, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class RecallAnswer:
    """What became of the units of one batch that a partner holds or held.

    Args:
        counts: units by state (`ANSWER_STATES`), each at least 1; together `n`.
        note: the partner's own words, "" if none.
    """

    recall: str
    counts: Mapping[str, int]
    note: str = ""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `recall.answer`."""
        inner = fields.object("counts")
        states = sorted(inner.names())
        for state in states:
            if state not in ANSWER_STATES:
                raise MalformedInput(
                    "unknown_word",
                    field=inner.path(state),
                    got=state,
                    wanted="one of " + ", ".join(sorted(ANSWER_STATES)),
                )
        counts = {state: inner.integer(state, least=1) for state in states}
        has_note = fields.has("note")
        return cls(
            recall=_read_recall(fields),
            counts=counts,
            note=fields.prose("note") if has_note else "",
        )

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        made: dict[str, JsonValue] = {
            "recall": self.recall,
            "counts": dict(self.counts),
        }
        if self.note:
            made["note"] = self.note
        return made


def _read_recall(fields: Fields) -> str:
    return fields.hexed("recall").hex()


def _read_scope(fields: Fields) -> tuple[Scope, dict[str, JsonValue]]:
    value = fields.members("scope")
    return parse_scope(value), value

"""The chains a statement belongs to (`subjects`) and what it builds on (`parents`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, Self

from .canonical import JsonValue
from .errors import MalformedInput
from .fields import Fields
from .ranges import set_digest

MAX_SUBJECTS: Final = 65_536
MAX_PARENTS: Final = 1_024

_REFERENCE: Final = re.compile(r"([0-9a-f]{64})?(?:#(0|[1-9][0-9]{0,8}))?")


@dataclass(frozen=True, slots=True)
class Reference:
    """A statement (`id`), one line of its file (`id#k`), or of this file (`#k`).

    Args:
        statement_id: 64 hex digits, "" for the statement that is being read.
        line: number of the line, from 0; None names the whole statement.
    """

    statement_id: str
    line: int | None = None

    @classmethod
    def parse(cls, text: str, *, field: str = "") -> Self:
        """Read `id`, `id#k` or `#k`; raises `MalformedInput` `bad_reference`."""
        found = _REFERENCE.fullmatch(text)
        if found is None or not text:
            raise MalformedInput(
                "bad_reference", field=field, got=text, wanted="id, id#k or #k"
            )
        line = found.group(2)
        return cls(found.group(1) or "", None if line is None else int(line))

    @property
    def text(self) -> str:
        """The text form."""
        return self.statement_id + ("" if self.line is None else f"#{self.line}")


@dataclass(frozen=True, slots=True)
class Moved:
    """The units of one batch that an event touches.

    Args:
        n: how many, 0 for an empty container inside a file of events.
        set_digest: 32 bytes over the ranges of their ordinals (`ordinals`).
    """

    n: int
    set_digest: bytes


@dataclass(frozen=True, slots=True)
class Serials:
    """What commissioning signs: `size` units of one lot from ordinal `base` on.

    Args:
        root: 32 bytes, the Merkle root over the salted serials.
    """

    base: int
    size: int
    root: bytes
    gtin: str
    lot: str
    expiry_date: date


@dataclass(frozen=True, slots=True)
class EventsRoot:
    """The events of a file that touch one subject: their number and Merkle root."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Subject:
    """One chain that the statement becomes a leaf of.

    Args:
        tag: 32 bytes naming a batch, a product, a party, a key or the configuration.
        moved: units, where goods or a recall answer are spoken of.
        serials: only at commissioning; its units are exactly `moved`.
        events: only for kind `events`.
    """

    tag: bytes
    moved: Moved | None = None
    serials: Serials | None = None
    events: EventsRoot | None = None


def subject_json(subject: Subject) -> dict[str, JsonValue]:
    """`subject` as it stands in a statement."""
    made: dict[str, JsonValue] = {"tag": subject.tag.hex()}
    if subject.moved is not None:
        made |= moved_json(subject.moved, subject.serials)
    if subject.events is not None:
        made["events"] = {
            "size": subject.events.size,
            "root": subject.events.root.hex(),
        }
    return made


def moved_json(moved: Moved, serials: Serials | None) -> dict[str, JsonValue]:
    """`n`, `set` and, at commissioning, `serials`."""
    made: dict[str, JsonValue] = {"n": moved.n, "set": moved.set_digest.hex()}
    if serials is not None:
        made["serials"] = {
            "base": serials.base,
            "size": serials.size,
            "root": serials.root.hex(),
            "gtin": serials.gtin,
            "lot": serials.lot,
            "expiry": serials.expiry_date.isoformat(),
        }
    return made


def read_parents(fields: Fields) -> tuple[Reference, ...]:
    """The member `parents`: references, none twice."""
    return fields.distinct(
        "parents",
        lambda inner, name: Reference.parse(inner.string(name), field=inner.path(name)),
        most=MAX_PARENTS,
    )


def read_serials(fields: Fields, moved: Moved) -> Serials:
    """The member `serials`, which must speak of exactly the units `moved`.

    Raises:
        MalformedInput: `serials_mismatch`, or a field that its value cannot hold.
    """
    inner = fields.object("serials")
    serials = Serials(
        base=inner.integer("base"),
        size=inner.integer("size", least=1),
        root=inner.hexed("root"),
        gtin=inner.gtin("gtin"),
        lot=inner.lot("lot"),
        expiry_date=inner.date("expiry"),
    )
    inner.close()
    wanted = Moved(
        n=serials.size,
        set_digest=set_digest(((serials.base, serials.base + serials.size - 1),)),
    )
    if moved != wanted:
        raise MalformedInput(
            "serials_mismatch",
            field=inner.where,
            wanted="n and set of the ordinals base to base + size - 1",
        )
    return serials


def read_subjects(fields: Fields, kind: str) -> tuple[Subject, ...]:
    """The member `subjects`, in the shape that `kind` asks for.

    Raises:
        MalformedInput: `not_sorted`, or a field that its value cannot hold.
    """
    subjects = fields.each(
        "subjects",
        lambda inner, name: _read_subject(inner.object(name), kind),
        least=1,
        most=MAX_SUBJECTS,
    )
    tags = [subject.tag for subject in subjects]
    if any(first >= second for first, second in pairwise(tags)):
        raise MalformedInput(
            "not_sorted", field="subjects", wanted="ascending tags, each once"
        )
    return subjects


def _read_subject(fields: Fields, kind: str) -> Subject:
    tag = fields.hexed("tag")
    subject = Subject(tag)
    if kind == "events":
        subject = Subject(tag, events=_read_events_root(fields.object("events")))
    elif kind == "recall.answer" or (kind == "event" and fields.has("n")):
        moved = Moved(n=fields.integer("n", least=1), set_digest=fields.hexed("set"))
        serials = None
        if kind == "event" and fields.has("serials"):
            serials = read_serials(fields, moved)
        subject = Subject(tag, moved=moved, serials=serials)
    fields.close()
    return subject


def _read_events_root(fields: Fields) -> EventsRoot:
    root = EventsRoot(size=fields.integer("size", least=1), root=fields.hexed("root"))
    fields.close()
    return root

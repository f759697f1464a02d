"""The pack proof: all that shows, offline, that one pack was made, in one JSON file.

`{"format": "pharmatrace-pack/v1", "pack": {"gtin", "lot", "expiry", "serial"},
"place": {"ordinal", "salt" base64, "path": [base64]}, "statement": proof file,
"history"?: [{"proof", "ranges", "line"?} or {"said"}]}`.
Source: docs/formats.md, "Pack proof".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from .canonical import parse_json
from .errors import MalformedInput, located
from .events import MAX_LINES, EventLine, read_line
from .fields import Fields
from .gs1.keys import Serial
from .merkle import HASH_SIZE
from .proof import MAX_PATH
from .prooffile import MAX_PROOF_BYTES, StatementProof, read_proof
from .ranges import MAX_ORDINAL, Ranges, parse_ranges
from .serials import SALT_SIZE, SerialProof

PACK_FORMAT: Final = "pharmatrace-pack/v1"
MAX_STEPS: Final = 1_000
_MAX_RANGES: Final = 1_000_000
_ROLE: Final = re.compile(r"[a-z_]{0,40}")
_COUNTRY: Final = re.compile(r"([A-Z]{2})?")


@dataclass(frozen=True, slots=True)
class PackName:
    """What is printed on a pack: GS1 AI (01), (10), (17), (21)."""

    gtin: str
    lot: str
    expiry_date: date
    serial: str


@dataclass(frozen=True, slots=True)
class MovedLine:
    """The line of a file of events that moved the pack, and its place in the tree."""

    line: EventLine
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step whose statement the reader may see.

    Args:
        ranges: the ordinals of the batch that it moved.
        line: where the statement is a file of events.
    """

    proof: StatementProof
    ranges: Ranges
    line: MovedLine | None


@dataclass(frozen=True, slots=True)
class SaidStep:
    """A step that the reader may not see: the site's word, which nothing proves.

    Args:
        what: a row of the law of custody.
        role, country: of who said it; "" if unknown.
    """

    what: str
    day: date
    role: str
    country: str


Step: TypeAlias = ShownStep | SaidStep


@dataclass(frozen=True, slots=True)
class PackProof:
    """A pack proof that was read; nothing of it is verified.

    Args:
        place: the pack in the serial tree of `statement`.
        statement: the proof of the commissioning.
        history: later steps, oldest first.
    """

    pack: PackName
    place: SerialProof
    statement: StatementProof
    history: tuple[Step, ...] = ()


def parse_pack_proof(data: bytes) -> PackProof:
    """Read a pack proof; nothing is verified here.

    Raises:
        MalformedInput: another format, an unknown field, a value that cannot be read.
    """
    value = parse_json(data, max_bytes=MAX_PROOF_BYTES, doubles=True, field="proof")
    with located("proof"):
        fields = Fields(value, where="")
    fields.word("format", frozenset({PACK_FORMAT}))
    has_history = fields.has("history")
    proof = PackProof(
        pack=_read_name(fields.object("pack")),
        place=_read_place(fields.object("place")),
        statement=read_proof(fields.object("statement")),
        history=fields.each("history", _read_step, most=MAX_STEPS)
        if has_history
        else (),
    )
    fields.close()
    return proof


def _read_name(fields: Fields) -> PackName:
    where = fields.path("serial")
    name = PackName(
        gtin=fields.gtin("gtin"),
        lot=fields.lot("lot"),
        expiry_date=fields.date("expiry"),
        serial=fields.string("serial"),
    )
    fields.close()
    try:
        Serial(name.serial)
    except MalformedInput as error:
        error.locate(where)
        raise
    return name


def _read_place(fields: Fields) -> SerialProof:
    place = SerialProof(
        ordinal=fields.integer("ordinal", most=MAX_ORDINAL),
        salt=_read_exactly(fields, "salt", SALT_SIZE),
        path=_read_path(fields),
    )
    fields.close()
    return place


def _read_path(fields: Fields) -> tuple[bytes, ...]:
    return fields.each("path", _read_hash, most=MAX_PATH)


def _read_hash(fields: Fields, name: str) -> bytes:
    return _read_exactly(fields, name, HASH_SIZE)


def _read_exactly(fields: Fields, name: str, size_bytes: int) -> bytes:
    data = fields.based(name, most_bytes=size_bytes)
    if len(data) != size_bytes:
        raise MalformedInput(
            "bad_length",
            field=fields.path(name),
            got=len(data),
            wanted=f"{size_bytes} bytes",
        )
    return data


def _read_step(fields: Fields, name: str) -> Step:
    inner = fields.object(name)
    step = _read_said(inner.object("said")) if inner.has("said") else _read_shown(inner)
    inner.close()
    return step


def _read_said(fields: Fields) -> SaidStep:
    said = SaidStep(
        what=fields.text("what", longest=60),
        day=fields.date("day"),
        role=fields.matching("role", _ROLE, wanted="a role in lower case, or nothing"),
        country=fields.matching("country", _COUNTRY, wanted="two letters, or nothing"),
    )
    fields.close()
    return said


def _read_shown(fields: Fields) -> ShownStep:
    ranges = fields.array("ranges", least=1, most=_MAX_RANGES)
    return ShownStep(
        proof=read_proof(fields.object("proof")),
        ranges=parse_ranges(ranges, field=fields.path("ranges")),
        line=_read_moved(fields.object("line")) if fields.has("line") else None,
    )


def _read_moved(fields: Fields) -> MovedLine:
    number = fields.integer("number", most=MAX_LINES - 1)
    index = fields.integer("index", most=MAX_LINES - 1)
    path = _read_path(fields)
    # What is left is the line as it stands in its file.
    return MovedLine(read_line(fields, number), index, path)

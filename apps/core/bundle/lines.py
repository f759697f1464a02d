"""The lines of a bundle's NDJSON members, each an RFC 8785 object of one member.

`chains.ndjson` has `chain` lines, ascending by tag. `entries.ndjson` has the
statements in the order of the log (`said`), behind one the lines of its file that
touch the lots (`line`), behind a commissioning its serials (`serials`), and ahead of
one the leaves of its chains that are not opened (`closed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from ..canonical import JsonValue, parse_canonical
from ..envelope import MAX_ENVELOPE_BYTES, Envelope, read_envelope
from ..errors import MalformedInput, located
from ..events import MAX_LINES
from ..fields import Fields
from ..leaf import LeafType
from ..map import MapValue
from ..ranges import Ranges, parse_ranges
from ..subjects import MAX_SUBJECTS, Reference, read_parents

MAX_LINE_BYTES: Final = MAX_ENVELOPE_BYTES + (10 << 20)
SERIALS_A_LINE: Final = 1_024
CLOSED_A_LINE: Final = 512
_SALT_BYTES: Final = 32
_TYPES: Final = {kind.value: kind for kind in LeafType}
# What a tag is of, and in how many words.
NAMED: Final = {"batch": 2, "product": 1, "party": 1, "key": 1, "config": 0}


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that the bundle shows whole.

    Args:
        of: what the tag is of: `batch` GTIN lot, `product` GTIN, `party` GLN,
            `key` keyid, or `config`.
        value: what the map says of it; None: the ledger has no leaf of that tag.
    """

    tag: bytes
    of: tuple[str, ...]
    value: MapValue | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A statement, shown.

    Args:
        index: of its first leaf, shown or not.
        time_ms: of its leaves.
        salts: by position among its subjects, for the chains that the bundle shows.
        ranges: of a lot, where the set does not follow from what is named.
        seed: of the serials, behind a commissioning only.
    """

    index: int
    time_ms: int
    accepted_ms: int
    envelope: Envelope
    salts: Mapping[int, bytes]
    ranges: Mapping[bytes, Ranges]
    seed: bytes


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the file of events above it that touches a lot of the bundle."""

    number: int
    event: Mapping[str, JsonValue]
    parents: tuple[Reference, ...]
    ranges: Mapping[bytes, Ranges]


@dataclass(frozen=True, slots=True)
class Serials:
    """The next serials of the commissioning above it, in the order of ordinals."""

    serials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClosedLeaf:
    """A leaf whose statement is not shown.

    Args:
        by: role and country of who spoke, as the operator says; None unless redacted.
    """

    kind: LeafType
    time_ms: int
    commitment: bytes
    by: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Closed:
    """Leaves of one chain, the next ones that it has."""

    tag: bytes
    leaves: tuple[ClosedLeaf, ...]


Entry: TypeAlias = Opened | ShownLine | Serials | Closed


def parse_chain(line: bytes) -> Chain:
    """A line of `chains.ndjson`.

    Raises (as all parsers here):
        MalformedInput: not RFC 8785, an unknown field, a value that it cannot hold.
    """
    outer = _outer(line, "chain")
    fields = outer.object("chain")
    tag, of = fields.hexed("tag"), _read_name(fields)
    count = fields.integer("count")
    value = None
    if count:
        value = MapValue(count, fields.hexed("head"), fields.integer("last_index"))
    fields.close()
    outer.close()
    return Chain(tag, of, value)


def parse_entry(line: bytes) -> Entry:
    """A line of `entries.ndjson`."""
    outer = _outer(line, "entry")
    name = next(outer.names(), "")
    if name == "said":
        entry: Entry = _read_opened(outer.object(name))
    elif name == "line":
        entry = _read_shown(outer.object(name))
    elif name == "serials":
        entry = Serials(outer.each(name, Fields.string, least=1, most=SERIALS_A_LINE))
    else:
        entry = _read_closed(outer.object("closed"))
    outer.close()
    return entry


def _outer(line: bytes, what: str) -> Fields:
    # Sensors measure fractions; statements say where else there is none.
    value = parse_canonical(
        line, max_bytes=MAX_LINE_BYTES, doubles=what == "entry", field=what
    )
    with located(what):
        return Fields(value, where="")


def _read_name(fields: Fields) -> tuple[str, ...]:
    of = fields.each("of", Fields.string, least=1, most=3)
    if NAMED.get(of[0]) != len(of) - 1:
        raise MalformedInput(
            "unknown_word", field=fields.path("of"), got=of, wanted="what a tag is of"
        )
    return of


def _read_opened(fields: Fields) -> Opened:
    has_seed = fields.has("seed")
    opened = Opened(
        index=fields.integer("index"),
        time_ms=fields.integer("time_ms"),
        accepted_ms=fields.integer("accepted_ms"),
        envelope=read_envelope(fields.object("envelope")),
        salts=_read_salts(fields),
        ranges=_read_ranges(fields),
        seed=_sized(fields, "seed") if has_seed else b"",
    )
    fields.close()
    return opened


def _read_shown(fields: Fields) -> ShownLine:
    number = fields.integer("line", most=MAX_LINES - 1)
    said = fields.object("said")
    shown = ShownLine(
        number, said.members("event"), read_parents(said), _read_ranges(fields)
    )
    said.close()
    fields.close()
    return shown


def _read_closed(fields: Fields) -> Closed:
    closed = Closed(
        fields.hexed("tag"),
        fields.each("leaves", _read_leaf, least=1, most=CLOSED_A_LINE),
    )
    fields.close()
    return closed


def _read_leaf(fields: Fields, name: str) -> ClosedLeaf:
    inner = fields.object(name)
    kind = inner.integer("type")
    if kind not in _TYPES:
        raise MalformedInput("bad_leaf", field=inner.path("type"), got=kind)
    has_by = inner.has("by")
    leaf = ClosedLeaf(
        _TYPES[kind],
        inner.integer("time_ms"),
        inner.hexed("commitment"),
        _read_by(inner.object("by")) if has_by else None,
    )
    inner.close()
    return leaf


def _read_by(fields: Fields) -> tuple[str, str]:
    by = fields.text("role", longest=40), fields.text("country", longest=2)
    fields.close()
    return by


def _read_salts(fields: Fields) -> dict[int, bytes]:
    pairs = fields.each("salts", _read_salt, least=1, most=MAX_SUBJECTS)
    positions = [position for position, _ in pairs]
    if any(one >= two for one, two in pairwise(positions)):
        raise MalformedInput(
            "not_sorted", field=fields.path("salts"), wanted="ascending positions"
        )
    return dict(pairs)


def _read_salt(fields: Fields, name: str) -> tuple[int, bytes]:
    inner = fields.object(name)
    pair = inner.integer("position", most=MAX_SUBJECTS - 1), _sized(inner, "salt")
    inner.close()
    return pair


def _read_ranges(fields: Fields) -> dict[bytes, Ranges]:
    if not fields.has("ranges"):
        return {}
    inner = fields.object("ranges")
    read = {}
    for name in sorted(inner.names()):
        where = inner.path(name)
        tag = Fields({"tag": name}, where=where).hexed("tag")
        read[tag] = parse_ranges(inner.take(name), field=where)
    if not read:
        raise MalformedInput(
            "missing_field", field=inner.where, got="no lot", wanted="no such field"
        )
    return read


def _sized(fields: Fields, name: str) -> bytes:
    data = fields.based(name, most_bytes=_SALT_BYTES)
    if len(data) != _SALT_BYTES:
        raise MalformedInput("bad_length", field=fields.path(name), wanted="32 bytes")
    return data

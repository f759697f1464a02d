"""Both sides of a hand-over, and URIs, as an event names them."""

from __future__ import annotations

import re
from typing import Final

from .. import cbv
from ..errors import MalformedInput
from ..fields import Fields
from .epc import parse_location, parse_party
from .event import Ends

_URI: Final = re.compile(r"[a-z][a-z0-9+.-]{1,30}:[!-~]{1,200}")


def read_uri(fields: Fields, name: str) -> str:
    """An identifier that nobody else has a form for."""
    return fields.matching(name, _URI, wanted="a URI")


def read_ends(fields: Fields, name: str, member: str) -> Ends:
    """Source or destination: at most one of each type."""
    if not fields.has(name):
        return Ends()
    pairs = fields.each(
        name, lambda inner, at: _read_end(inner, at, member), least=1, most=3
    )
    sides = dict(pairs)
    if len(sides) != len(pairs):
        raise MalformedInput(
            "repeated_member",
            field=fields.path(name),
            got="one type twice",
            wanted="every type once",
        )
    where = fields.path(name)
    owner, holder = sides.get("owning_party"), sides.get("possessing_party")
    place = sides.get("location")
    return Ends(
        owning_party=parse_party(owner, field=where) if owner else None,
        possessing_party=parse_party(holder, field=where) if holder else None,
        location=parse_location(place, field=where) if place else None,
    )


def _read_end(fields: Fields, name: str, member: str) -> tuple[str, str]:
    inner = fields.object(name)
    pair = inner.word("type", cbv.SOURCE_DEST_TYPES), read_uri(inner, member)
    inner.close()
    return pair

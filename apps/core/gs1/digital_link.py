"""GS1 Digital Link URIs: parse, build, canonical form. Nothing is ever fetched.

Strict: numeric short names only, 14 digits of GTIN unless the caller allows fewer,
qualifiers in their order and in the path, known attributes in the query. Text
keys of the query (`linkType=…`) are kept aside as extensions.
Source: GS1 Digital Link Standard: URI Syntax 1.4.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..errors import MalformedInput
from .ai_table import AI_TABLE, ApplicationIdentifier
from .element_string import Element, ElementString, verify_value
from .percent import decode_path, decode_query, encode_path, encode_query

CANONICAL_STEM: Final = "https://id.gs1.org"
MAX_URI_CHARACTERS: Final = 2048

_SCHEME = re.compile(r"(https?|HTTPS?)://([^/?#]*)")
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAMED_HOST = re.compile(rf"({_LABEL}(?:\.{_LABEL})*\.?)(?::[0-9]{{1,5}})?")
_IPV6_HOST = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")
_SHORT_GTIN_LENGTHS: Final = (8, 12, 13)


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """A parsed Digital Link.

    `host`: where a browser would go; shown, never visited.
    `stem`: everything before the key, without a final slash.
    `elements`: primary key, qualifiers, then attributes.
    `extensions`: the other pairs of the query, decoded, in order.
    """

    host: str
    stem: str
    elements: ElementString
    extensions: tuple[tuple[str, str], ...]

    def to_canonical(self) -> str:
        """The same elements under https://id.gs1.org, without extensions."""
        return build_digital_link(self.elements)


def parse_digital_link(uri: str, *, allow_short_gtin: bool = False) -> DigitalLink:
    """Read a GS1 Digital Link URI.

    Args:
        uri: http or https, in lower or upper case.
        allow_short_gtin: also accept a GTIN of 8, 12 or 13 digits and pad it.

    Raises:
        MalformedInput: `too_long`, `unsupported_scheme`, `bad_uri_character`,
            `bad_host`, `no_primary_key`, `bad_qualifier`, `bad_attribute`,
            `repeated_ai`, or as `verify_value`.
    """
    if len(uri) > MAX_URI_CHARACTERS:
        wanted = f"at most {MAX_URI_CHARACTERS} characters"
        raise MalformedInput("too_long", field="uri", got=len(uri), wanted=wanted)
    opened = _SCHEME.match(uri)
    if opened is None:
        raise MalformedInput(
            "unsupported_scheme", field="uri", got=uri, wanted="http:// or https://"
        )
    if not _CHARACTERS.fullmatch(uri):
        raise MalformedInput(
            "bad_uri_character", field="uri", got=uri, wanted="characters of RFC 3986"
        )
    scheme, authority = opened.groups()
    host = _parse_host(authority)
    path, _, query = uri[opened.end() :].partition("#")[0].partition("?")
    stem, keyed = _parse_path(path)
    attributes, extensions = _parse_query(query, dict(keyed))
    elements = tuple(
        (ai, _pad_gtin(ai, value) if allow_short_gtin else value)
        for ai, value in (*keyed, *attributes)
    )
    return DigitalLink(
        host=host,
        stem=f"{scheme.lower()}://{authority}{stem}",
        elements=ElementString.of(elements),
        extensions=extensions,
    )


def build_digital_link(
    elements: Iterable[Element], *, stem: str = CANONICAL_STEM
) -> str:
    """Write `elements` as a Digital Link under `stem`.

    The first primary key leads; its qualifiers follow in their order; the rest goes
    into the query, identifiers of predefined length first. Equal repeats merge.

    Raises:
        MalformedInput: `no_primary_key`, `bad_qualifier`, `bad_attribute`,
            `repeated_ai`, or as `verify_value`.
    """
    kept: dict[str, str] = {}
    for ai, value in elements:
        verify_value(ai, value)
        if kept.setdefault(ai, value) != value:
            raise MalformedInput(
                "repeated_ai", field=f"({ai})", got=value, wanted="one value"
            )
    key = next((ai for ai in kept if AI_TABLE[ai].qualifiers is not None), None)
    if key is None:
        raise MalformedInput(
            "no_primary_key", field="elements", wanted="a key such as 00, 01 or 414"
        )
    order = (key, *_choose_qualifiers(AI_TABLE[key], kept))
    path = "".join(f"/{ai}/{encode_path(kept[ai])}" for ai in order)
    rest = [ai for ai in kept if ai not in order]
    for ai in rest:
        _verify_attribute(ai, dict.fromkeys(order, ""))
    # A stable sort: those of predefined length come first, as in an element string.
    rest.sort(key=lambda ai: not AI_TABLE[ai].is_predefined)
    query = "&".join(f"{ai}={encode_query(kept[ai])}" for ai in rest)
    return f"{stem.rstrip('/')}{path}{'?' if query else ''}{query}"


def _choose_qualifiers(
    entry: ApplicationIdentifier, kept: dict[str, str]
) -> tuple[str, ...]:
    found = [
        chosen
        for order in entry.qualifiers or ()
        if (chosen := tuple(ai for ai in order if ai in kept))
    ]
    if len(found) > 1:
        raise MalformedInput(
            "bad_qualifier",
            field=f"({entry.ai})",
            got=" with ".join("/".join(chosen) for chosen in found),
            wanted="qualifiers of one alternative",
        )
    return found[0] if found else ()


def _parse_host(authority: str) -> str:
    numeric = _IPV6_HOST.fullmatch(authority)
    named = _NAMED_HOST.fullmatch(authority)
    if named and len(named[1]) <= 254:
        return named[1].lower()
    if numeric:
        try:
            return f"[{ipaddress.IPv6Address(numeric[1])}]"
        except ValueError as error:
            raise _bad_host(authority) from error
    raise _bad_host(authority)


def _bad_host(authority: str) -> MalformedInput:
    return MalformedInput(
        "bad_host", field="uri", got=authority, wanted="a host name, no user, no zone"
    )


def _parse_path(path: str) -> tuple[str, tuple[Element, ...]]:
    """The stem's path, and the key with its qualifiers: the last key of the path."""
    segments = path.split("/")[1:]
    start = _find_key(segments)
    if start is None:
        raise MalformedInput(
            "no_primary_key", field="uri", got=path, wanted="a path such as /01/…/21/…"
        )
    pairs = tuple(
        (segments[at], decode_path(segments[at + 1]))
        for at in range(start, len(segments), 2)
    )
    _verify_qualifiers(AI_TABLE[pairs[0][0]], tuple(ai for ai, _ in pairs[1:]))
    return "".join(f"/{segment}" for segment in segments[:start]), pairs


def _find_key(segments: list[str]) -> int | None:
    """Where the last primary key stands, an even number of segments from the end."""
    for start in range(len(segments) - 2, -1, -2):
        entry = AI_TABLE.get(segments[start])
        if entry is not None and entry.qualifiers is not None:
            return start
    return None


def _verify_qualifiers(entry: ApplicationIdentifier, given: tuple[str, ...]) -> None:
    for order in ((), *(entry.qualifiers or ())):
        if given == tuple(ai for ai in order if ai in given):
            return
    orders = " or ".join("/".join(order) for order in entry.qualifiers or ())
    raise MalformedInput(
        "bad_qualifier",
        field=f"({entry.ai})",
        got="/".join(given),
        wanted=f"in this order, {orders}" if orders else "no qualifier",
    )


def _parse_query(
    query: str, keyed: dict[str, str]
) -> tuple[tuple[Element, ...], tuple[tuple[str, str], ...]]:
    attributes: list[Element] = []
    extensions: list[tuple[str, str]] = []
    seen = set(keyed)
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if not name:
            continue
        if not name.isdigit():
            extensions.append((decode_query(name), decode_query(value)))
            continue
        if name in seen:
            raise MalformedInput("repeated_ai", field=f"({name})", got=value)
        _verify_attribute(name, keyed)
        seen.add(name)
        attributes.append((name, decode_query(value)))
    return tuple(attributes), tuple(extensions)


def _verify_attribute(ai: str, keyed: dict[str, str]) -> None:
    entry = AI_TABLE.get(ai)
    if entry is None or not entry.is_link_attribute:
        raise MalformedInput(
            "bad_attribute", field="uri", got=ai, wanted="a data attribute's identifier"
        )
    key, *given = keyed
    for order in AI_TABLE[key].qualifiers or ():
        # What fits into the path may not hide in the query.
        if ai in order and set(given) <= set(order):
            raise MalformedInput(
                "bad_attribute", field="uri", got=ai, wanted=f"({ai}) in the path"
            )


def _pad_gtin(ai: str, value: str) -> str:
    if ai in ("01", "02") and len(value) in _SHORT_GTIN_LENGTHS:
        return value.zfill(14)
    return value

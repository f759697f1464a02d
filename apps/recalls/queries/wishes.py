"""What people and machines write into a wish, brought into the form that is signed."""

from __future__ import annotations

from typing import Any

from apps.core.canonical import JsonValue
from apps.partners.queries import composed

_SHORT_GTINS = frozenset({8, 12, 13})


def read_open(wish: dict[str, Any]) -> dict[str, Any]:
    """The parts of a wish to recall; GTINs of 8, 12 and 13 digits are padded."""
    parts = read_parts(wish)
    if isinstance(parts.get("gtin"), str):
        parts["gtin"] = padded_gtin(parts["gtin"])
    return parts


def padded_gtin(text: str) -> str:
    """A GTIN of 8, 12 or 13 digits with 14; any other text as it is."""
    is_short = text.isascii() and text.isdigit() and len(text) in _SHORT_GTINS
    return text.zfill(14) if is_short else text


def read_parts(wish: dict[str, Any]) -> dict[str, Any]:
    """The members of a wish but `kind`: trimmed, empty ones left out, NFC."""
    parts = {
        name: _trimmed(value)
        for name, value in composed(wish).items()
        if name != "kind" and _trimmed(value) not in ("", [], None)
    }
    if isinstance(parts.get("scope"), dict):
        parts["scope"] = read_scope(parts["scope"])
    if isinstance(parts.get("counts"), dict):
        parts["counts"] = {
            state: n for state, n in parts["counts"].items() if n not in (0, "")
        }
    return parts


def read_scope(scope: dict[str, Any]) -> dict[str, Any]:
    """A scope with sorted lists; a range may be one text, "first last"."""
    read = {
        name: value
        for name, value in ((name, _trimmed(value)) for name, value in scope.items())
        if value not in ("", [], None)
    }
    for name in ("lots", "serials"):
        if _is_texts(read.get(name)):
            read[name] = sorted(set(read[name]))
    if isinstance(read.get("ranges"), list):
        pairs = [_pair(each) for each in read["ranges"]]
        read["ranges"] = sorted(pairs) if all(map(_is_texts, pairs)) else pairs
    return read


def _pair(value: JsonValue) -> JsonValue:
    return list(value.split()) if isinstance(value, str) else value


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _trimmed(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        trimmed = [_trimmed(each) for each in value]
        return [each for each in trimmed if each != ""]
    return value

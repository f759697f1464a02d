"""Codes, times, states and icons as every page shows them.

Codes are grouped by markup, not by spaces, so that what is copied from the screen is
the bare code.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from apps.edge.numbers import grouped
from apps.edge.words import KINDS

register = template.Library()

# GTIN-14 and SSCC as printed on packs: indicator or extension, company, item, check.
_GROUPS = {14: (1, 7, 6), 18: (1, 7, 9, 1), 13: (1, 6, 6)}


def _grouped(pieces: list[str]) -> SafeString:
    """`pieces` side by side, a gap between them on screen only."""
    spans = format_html_join("", '<span class="g">{}</span>', ((p,) for p in pieces))
    return format_html('<code class="code">{}</code>', spans)


@register.filter
def code(value: object) -> SafeString:
    """A code in monospace; numbers of 13, 14 and 18 digits grouped as on the pack."""
    text = str(value)
    widths = _GROUPS.get(len(text)) if text.isdigit() else None
    if not widths:
        return format_html('<code class="code">{}</code>', text)
    pieces, start = [], 0
    for width in widths:
        pieces.append(text[start : start + width])
        start += width
    return _grouped([piece for piece in pieces if piece])


@register.filter
def serial(value: object) -> SafeString:
    """A serial number in blocks of four."""
    text = str(value)
    return _grouped([text[i : i + 4] for i in range(0, len(text), 4)])


@register.filter
def digest(value: object) -> SafeString:
    """A hash, shortened to its ends; the whole value is in the title."""
    text = value.hex() if isinstance(value, bytes | memoryview) else str(value)
    short = text if len(text) <= 20 else f"{text[:8]}…{text[-8:]}"
    return format_html('<code class="digest" title="{}">{}</code>', text, short)


@register.filter
def moment(value: object) -> SafeString | str:
    """An instant (aware datetime or Unix milliseconds) in UTC; a script adds local."""
    return _moment(value, "%Y-%m-%d %H:%M")


@register.filter
def second(value: object) -> SafeString | str:
    """As `moment`, to the second: what a signature must show (21 CFR 11.50)."""
    return _moment(value, "%Y-%m-%d %H:%M:%S")


def _moment(value: object, shape: str) -> SafeString | str:
    if isinstance(value, int):
        value = datetime.fromtimestamp(value / 1000, tz=UTC)
    if not isinstance(value, datetime):
        return day(value)
    at = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-local>{} UTC</time>',
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        at.strftime(shape),
    )


@register.filter
def day(value: object) -> SafeString | str:
    """A date as 2028-02-29, kept on one line; else as it is, nothing for None."""
    if value is None:
        return ""
    if not isinstance(value, date):
        return str(value)
    text = value.isoformat()
    return format_html('<time class="day" datetime="{}">{}</time>', text, text)


@register.filter
def number(value: object) -> str:
    """A count with its thousands grouped as the reader's language does."""
    if not isinstance(value, int):
        return "" if value is None else str(value)
    return grouped(value)


@register.filter
def meaning(signed: str) -> str:
    """What a signature means, in the reader's language; the signed words are English."""
    return gettext(signed) if signed else ""


@register.filter
def statement_kind(kind: str) -> str:
    """What a kind of statement is called."""
    return str(KINDS.get(kind, kind))


@register.filter
def of(found: Mapping[str, object], name: str) -> object:
    """What a mapping holds under `name`; None if nothing."""
    return found.get(name)


@register.filter
def as_json(value: object) -> str:
    """`value` as JSON text for a data attribute (the template escapes it)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@register.simple_tag
def icon(name: str, *, label: str = "", css: str = "") -> SafeString:
    """One of our own icons; without a label it is hidden from screen readers."""
    return format_html(
        '<svg class="{}" {}><use href="{}#{}"/></svg>',
        f"icon {css}".strip(),
        format_html('role="img" aria-label="{}"', label)
        if label
        else SafeString('aria-hidden="true"'),
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def state(name: str, word: object) -> SafeString:
    """A state as shape, word and colour; `name` is go, stop, think or past."""
    return format_html('<span class="state {}">{}{}</span>', name, icon(name), word)

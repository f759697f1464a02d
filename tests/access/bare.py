"""An answer without what was asked for, and without what differs each time."""

from __future__ import annotations

import re
from itertools import pairwise

from tests.access.actors import Reply

_LETTERS = (
    re.compile(rb'name="csrfmiddlewaretoken" value="\w+"'),
    re.compile(rb"hx-headers='[^']*'"),
    re.compile(rb'<meta name="csrftoken" content="[^"]*">'),
    re.compile(rb"\d+ (s|min|h) ago"),
    re.compile(rb'<time datetime="[^"]*"[^>]*>[^<]*</time>'),
)
_SAME_HEADERS = ("Content-Type", "Cache-Control", "Location", "ETag", "Vary", "Link")


def bare(reply: Reply, values: dict[str, str]) -> list[str]:
    """The answer without what was asked for, and the headers that could tell."""
    text = "\n".join(
        [*(f"{name}: {reply.headers.get(name)}" for name in _SAME_HEADERS)]
    ).encode()
    text += b"\n" + reply.body
    for letters in _LETTERS:
        text = letters.sub(b"", text)
    return _without(text, values).decode(errors="replace").split("\n")


def _without(text: bytes, values: dict[str, str]) -> bytes:
    for value in sorted(values.values(), key=len, reverse=True):
        if len(value) > 3:
            text = text.replace(value.encode(), b"\x00")
            text = text.replace(_grouped(value).encode(), b"\x00")
    return text


def _grouped(value: str) -> str:
    """A number or serial as pages set it: in groups, each in its own element."""
    size = {14: (1, 7, 6), 18: (1, 7, 9, 1)}.get(len(value) if value.isdigit() else 0)
    starts = (
        [sum(size[:n]) for n in range(len(size) + 1)]
        if size
        else [*range(0, len(value), 4), len(value)]
    )
    pieces = [value[a:b] for a, b in pairwise(starts)]
    return "".join(f'<span class="g">{piece}</span>' for piece in pieces)

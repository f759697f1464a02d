"""Values that parts of many pages show: `_pager.html`, the error beside a field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page

from apps.core.errors import TraceError


@dataclass(frozen=True, slots=True)
class Pager:
    """Where in a list the reader is; numbers count from 1, an URL is "" at an end."""

    first: int
    last: int
    total: int
    previous_url: str
    next_url: str


def pager(page: Page[Any], **kept: str) -> Pager:
    """The pager of a page; `kept` are the filters that stay."""
    return Pager(
        first=page.start_index(),
        last=page.end_index(),
        total=page.paginator.count,
        previous_url=_at(page.number - 1, kept) if page.has_previous() else "",
        next_url=_at(page.number + 1, kept) if page.has_next() else "",
    )


def _at(number: int, kept: Mapping[str, str]) -> str:
    filled = {name: value for name, value in kept.items() if value}
    return "?" + urlencode({**filled, "page": number})


@dataclass(frozen=True, slots=True)
class FormError:
    """What is wrong with a form, shown beside `field`."""

    field: str
    message: str
    got: str
    wanted: str
    code: str

    @classmethod
    def of(cls, error: TraceError, sentence: Callable[[str], str]) -> FormError:
        """The error in the words that `sentence` has for its code."""
        words = sentence(error.code)
        return cls(error.field, words, error.got or "", error.wanted, error.code)

"""Values that parts of many pages show: a pager, a bar, progress, errors, a signature."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from django.core.paginator import Page
from django.utils.translation import gettext as _

from apps.core.errors import TraceError

_WIDTH = 1000  # of a whole bar; its parts stand in thousandths


class FileError(Protocol):
    """The columns that rows of errors by line have in common; line 0 is the file."""

    line_no: int
    code: str
    field: str
    got: str
    wanted: str
    row: str


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
class Segment:
    """A part of a bar; `x` and `width` in thousandths, `fill` a colour from 1 to 6."""

    label: str
    n: int
    fill: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Bar:
    """How a total divides, for `_bar.html`; the title says it to who sees no bar."""

    title: str
    total: int
    segments: list[Segment]

    @classmethod
    def of(cls, title: str, parts: Iterable[tuple[str, int, int]]) -> Bar:
        """A bar of (label, n, fill); what is there is seen, however little it is."""
        shown = list(parts)
        total = sum(n for _label, n, _fill in shown)
        segments, before = [], 0
        for label, n, fill in shown:
            x = before * _WIDTH // total if total else 0
            before += n
            width = (before * _WIDTH // total if total else 0) - x
            segments.append(Segment(label, n, fill, x, max(width, 1) if n else 0))
        return cls(title, total, segments)


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


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One error of a file as `_errors_by_line.html` shows it."""

    line: int | str
    column: str
    message: str
    got: str
    wanted: str
    row: str

    @classmethod
    def of(cls, error: FileError, sentence: Callable[[str], str]) -> ErrorLine:
        """The error in the words that `sentence` has for its code."""
        return cls(
            error.line_no or _("file"),
            error.field,
            sentence(error.code),
            error.got,
            error.wanted,
            error.row,
        )


@dataclass(frozen=True, slots=True)
class Check:
    """One check ticking off: `go`, `stop` or `past`."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, for `_progress.html`, which asks `url` until it is finished."""

    url: str
    label: str
    done: int
    total: int | None
    is_finished: bool
    rate: int | None = None
    time_left: str = ""
    checks: Sequence[Check] = ()


@dataclass(frozen=True, slots=True)
class SignPanel:
    """What stands on the signing button, and what the signature means.

    Attributes:
        review: on the button before it, if it is no draft like all others.
        signed: the meaning in the words that will be signed, if they are known.
    """

    label: str
    meaning: str
    review: str = ""
    signed: str = ""

"""What can go wrong, by who must act.

Seven families. A door turns a family into an HTTP status; nothing below a door
knows one. Every error carries a stable `code` (listed in docs/errors.md) and
says what was got and what was wanted, never a secret or a whole payload.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SHOWN_CHARACTERS = 120


def shown(value: object) -> str:
    """`value` as text that fits one line: cut at 120 characters, letters kept.

    What moves the text around it or cannot be seen is escaped: controls, separators
    other than the blank, bidirectional overrides, lone surrogates; and the backslash,
    which would pass for an escape.
    """
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]}… ({len(text)} characters)"
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text  # nothing of the kind: a million lines may be wrong
    return "".join(map(_shown_character, text))


def _shown_character(character: str) -> str:
    # General categories of Unicode: C… are controls, formats, surrogates and the
    # unassigned, Z… are separators; the blank is the one of them that shows itself.
    is_hidden = unicodedata.category(character)[0] in "CZ" and character != " "
    if not is_hidden and character != "\\":
        return character
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


class TraceError(Exception):
    """The base of everything we raise on purpose.

    Args:
        code: stable snake_case name of the refusal.
        field: dotted path of the input that is at fault, "" if none.
        got: what came.
        wanted: what would have been right, in words.
    """

    def __init__(
        self, code: str, *, field: str = "", got: object = None, wanted: str = ""
    ) -> None:
        self.code = code
        self.field = field
        self.extra: dict[str, Any] = {}  # what a door may add to its answer
        self.got = None if got is None else shown(got)
        self.wanted = wanted
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """One line: where, what was got, what was wanted."""
        where = f"{self.field}: " if self.field else ""
        parts = [self.code.replace("_", " ")]
        if self.got is not None:
            parts.append(f"got {self.got or 'nothing'}")
        if self.wanted:
            parts.append(f"wanted {self.wanted}")
        return where + "; ".join(parts)

    def locate(self, field: str) -> None:
        """Say that `field` is at fault; whoever read the whole knows its name."""
        self.field = field
        self.args = (self.sentence(),)


class MalformedInput(TraceError):
    """The bytes or words do not have the form they must have; the sender mends them."""


class UntrustedSignature(TraceError):
    """A signature does not verify, or its key may not speak here; the sender acts."""


class ForbiddenTransfer(TraceError):
    """The law of custody refuses the event.

    Args:
        rule: name of the row of the law that refused (docs/statements.md).
    """

    def __init__(
        self,
        code: str,
        *,
        rule: str,
        field: str = "",
        got: object = None,
        wanted: str = "",
    ) -> None:
        self.rule = rule
        super().__init__(code, field=field, got=got, wanted=wanted)


class LedgerConflict(TraceError):
    """Somebody was faster, or the same thing was said otherwise; read and try again."""


class ProofError(TraceError):
    """The evidence does not hold.

    Args:
        step: number of the verification step that failed, 0 if it has no number.
    """

    def __init__(
        self,
        code: str,
        *,
        step: int = 0,
        field: str = "",
        got: object = None,
        wanted: str = "",
    ) -> None:
        self.step = step
        super().__init__(code, field=field, got=got, wanted=wanted)


class Unavailable(TraceError):
    """The site cannot do it now: quarantine, full disk, limit reached.

    Args:
        retry_after_seconds: when it is worth another try.
    """

    def __init__(
        self,
        code: str,
        *,
        retry_after_seconds: int = 30,
        field: str = "",
        got: object = None,
        wanted: str = "",
    ) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(code, field=field, got=got, wanted=wanted)


class IntegrityBreach(TraceError):
    """Stored evidence contradicts itself; an operator must be woken."""


@contextmanager
def located(field: str) -> Iterator[None]:
    """Errors of the block that name no field are about `field`."""
    try:
        yield
    except TraceError as error:
        if not error.field:
            error.locate(field)
        raise

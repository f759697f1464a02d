"""What the steps of a verification have in common: how they end, what they found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .errors import ProofError, TraceError


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step showed.

    Args:
        is_shown: False where it had nothing to check.
        is_doubtful: it was checked, holds, and still asks for a second look.
    """

    step: int
    text: str
    is_shown: bool = True
    is_doubtful: bool = False


@contextmanager
def at_step(number: int) -> Iterator[None]:
    """A refusal inside becomes a `ProofError` with this number."""
    try:
        yield
    except TraceError as error:
        raise ProofError(
            error.code,
            step=number,
            field=error.field,
            got=error.got,
            wanted=error.wanted,
        ) from error

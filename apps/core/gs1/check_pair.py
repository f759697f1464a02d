"""The two check characters of alphanumeric keys (GMN and MUDI, AI 8013 and 8014).

Source: GS1 General Specifications 7.9.5.
"""

from __future__ import annotations

from typing import Final

from ..errors import MalformedInput
from .charsets import CSET82_TEXT, verify_cset82

_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LONGEST_PAYLOAD: Final = 97


def _primes(count: int) -> tuple[int, ...]:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return tuple(found)


_WEIGHTS: Final = _primes(_LONGEST_PAYLOAD)
_VALUES: Final = {character: value for value, character in enumerate(CSET82_TEXT)}


def compute_check_pair(payload: str, *, field: str = "") -> str:
    """The two characters that complete `payload`.

    Raises:
        MalformedInput: `bad_character`, `too_long` (over 97 characters).
    """
    if len(payload) > _LONGEST_PAYLOAD:
        wanted = f"at most {_LONGEST_PAYLOAD} characters and a check pair"
        raise MalformedInput("too_long", field=field, got=payload, wanted=wanted)
    verify_cset82(payload, field)
    # Prime weights, the smallest at the right; modulo the prime below 32 squared.
    weighed = zip(reversed(payload), _WEIGHTS, strict=False)
    total = sum(_VALUES[character] * prime for character, prime in weighed)
    first, second = divmod(total % 1021, len(_ALPHABET))
    return _ALPHABET[first] + _ALPHABET[second]


def verify_check_pair(value: str, field: str) -> None:
    """Check the last two characters of `value` against those before.

    Raises:
        MalformedInput: `too_short`, `too_long`, `bad_character`, `bad_check_pair`.
    """
    if len(value) < 2:
        raise MalformedInput(
            "too_short", field=field, got=value, wanted="a value and its check pair"
        )
    wanted = compute_check_pair(value[:-2], field=field)
    if value[-2:] != wanted:
        raise MalformedInput(
            "bad_check_pair", field=field, got=value, wanted=f"check pair {wanted}"
        )

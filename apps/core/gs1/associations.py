"""Which application identifiers go together on one item.

Source: GS1 General Specifications section 4.13 (mandatory and invalid pairs).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import MalformedInput
from .ai_table import get_ai, matches_pattern
from .element_string import Element

# Keys whose serial part is optional, with the length of the part that is not.
_KEY_LENGTHS = {"253": 13, "255": 13, "8003": 14}


def verify_associations(elements: Iterable[Element]) -> None:
    """Check everything that marks one item, from all its symbols together.

    1. An identifier that is repeated has the same value.
    2. No two identifiers exclude each other.
    3. Every identifier has the company that it needs.
    4. A digital signature (8030) signs a key that has its serial part.

    Raises:
        MalformedInput: `unknown_ai`, `repeated_ai`, `excluded_ai`,
            `missing_companion`, `missing_serial`.
    """
    kept = tuple(elements)
    verify_repeats(kept)
    verify_exclusions(kept)
    verify_companions(kept)
    _verify_signed_key(dict(kept))


def verify_repeats(elements: Iterable[Element]) -> None:
    """Refuse an identifier with two different values.

    Raises:
        MalformedInput: `repeated_ai`.
    """
    seen: dict[str, str] = {}
    for ai, value in elements:
        if seen.setdefault(ai, value) != value:
            raise MalformedInput(
                "repeated_ai", field=f"({ai})", got=value, wanted="one value"
            )


def verify_exclusions(elements: Iterable[Element]) -> None:
    """Refuse identifiers that may not mark the same item.

    Raises:
        MalformedInput: `unknown_ai`, `excluded_ai`.
    """
    present = dict(elements)
    for ai in present:
        for pattern in get_ai(ai).excludes:
            for other in present:
                # A pattern such as 310n names its own family, never the AI itself.
                if other != ai and matches_pattern(other, pattern):
                    raise MalformedInput(
                        "excluded_ai", field=f"({ai})", got=f"({other}) beside it"
                    )


def verify_companions(elements: Iterable[Element]) -> None:
    """Refuse identifiers without the others that they belong to.

    Raises:
        MalformedInput: `unknown_ai`, `missing_companion`.
    """
    present = dict(elements)
    for ai in present:
        groups = get_ai(ai).needs
        if groups and not any(_has_all(present, group) for group in groups):
            wanted = " or ".join(" and ".join(group) for group in groups)
            raise MalformedInput("missing_companion", field=f"({ai})", wanted=wanted)


def _has_all(present: dict[str, str], patterns: tuple[str, ...]) -> bool:
    return all(
        any(matches_pattern(ai, pattern) for ai in present) for pattern in patterns
    )


def _verify_signed_key(present: dict[str, str]) -> None:
    if "8030" not in present:
        return
    for ai, length in _KEY_LENGTHS.items():
        if len(present.get(ai, "")) == length:
            raise MalformedInput(
                "missing_serial",
                field=f"({ai})",
                got=present[ai],
                wanted="a key with its serial part",
            )

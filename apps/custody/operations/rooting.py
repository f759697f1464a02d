"""The root over a file's serials, hashed by processes beside the one that stages them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final

from apps.core.merkle import RootBuilder
from apps.core.serials import part_roots, serials_root
from apps.edge.apart import apart

_MANY: Final = 100_000  # serials from which on processes are worth their start
_PART: Final = 65_536  # of one process at a time; a power of two, see `part_roots`


@contextmanager
def rooting(
    *, seed: bytes, gtin: str, base: int, serials: Sequence[str]
) -> Iterator[Callable[[], bytes]]:
    """Begin to hash; what is given waits for the root that the maker is to sign.

    Raises:
        MalformedInput, ChildProcessError: by what is given, see `part_roots`, `apart`.
    """
    given: dict[str, Any] = {"seed": seed, "gtin": gtin}
    cores = len(os.sched_getaffinity(0))
    if len(serials) < _MANY or cores == 1:
        yield partial(serials_root, **given, base=base, serials=serials)
        return
    parts = [
        "\n".join(serials[start : start + _PART])
        for start in range(0, len(serials), _PART)
    ]
    share = -(-len(parts) // cores)
    with ExitStack() as stack:
        answers = [
            stack.enter_context(
                apart(
                    part_roots,
                    **given,
                    base=base + first * _PART,
                    parts=parts[first : first + share],
                )
            )
            for first in range(0, len(parts), share)
        ]
        yield partial(_joined, answers)


def _joined(answers: Sequence[Callable[[], list[bytes]]]) -> bytes:
    builder = RootBuilder()
    for answer in answers:
        builder.extend(answer())
    return builder.root()

"""The table of `apps/core/assigned.py`, computed from this Python's own Unicode data.

On Python 3.11, whose data are Unicode 14.0, `python -m tests.core.signing.assigned_table`
prints the text that stands there. Private use counts as assigned; surrogates and
noncharacters do not.
"""

import sys
import textwrap
import unicodedata
from itertools import groupby


def assigned() -> list[tuple[int, int]]:
    """Inclusive ranges of the code points that this Python's data assign."""
    points = (
        point
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)) not in {"Cn", "Cs"}
    )
    # Neighbours share the difference between value and position.
    runs = groupby(enumerate(points), key=lambda pair: pair[1] - pair[0])
    found = [[point for _, point in run] for _, run in runs]
    return [(run[0], run[-1]) for run in found]


def text() -> str:
    """The ranges in upper-case hex, as the module spells them."""
    return " ".join(
        f"{first:X}" if first == last else f"{first:X}-{last:X}"
        for first, last in assigned()
    )


if __name__ == "__main__":
    sys.stdout.write(textwrap.fill(text(), 88, break_on_hyphens=False) + "\n")

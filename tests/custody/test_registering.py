"""Lines for the registry are parted and sorted as one sort would have it."""

from hypothesis import example, given
from hypothesis import strategies as st

from apps.core.gs1.charsets import CSET82_TEXT
from apps.custody.formats import in_order

LINES = st.lists(st.text(CSET82_TEXT, min_size=1, max_size=6), unique=True).map(
    lambda serials: [f"{serial}\t{number}" for number, serial in enumerate(serials)]
)


@given(LINES)
@example([])
@example(["A\t0"])
@example(["AB\t0", "A\t1"])
def test_groups_of_lines_follow_each_otherin_order(lines):
    groups = list(in_order(lines))

    assert [line for group in groups for line in group] == sorted(lines)

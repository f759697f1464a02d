"""Many rows read at once."""

import pytest

from apps.edge.reading import iter_rows

pytestmark = pytest.mark.django_db
_NUMBERS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
SELECT n FROM numbers ORDER BY n
"""


def test_rows_come_in_order_however_many_there_are() -> None:
    rows = list(iter_rows(_NUMBERS, [10_000]))

    assert rows == [(n,) for n in range(1, 10_001)]


def test_one_is_read_while_another_is_open() -> None:
    outer = iter_rows(_NUMBERS, [5_000])
    first = next(outer)

    inner = list(iter_rows(_NUMBERS, [3]))

    assert inner == [(1,), (2,), (3,)]
    assert [first, *outer] == [(n,) for n in range(1, 5_001)]


@pytest.mark.postgresql
def test_the_server_plans_for_all_rows_and_not_for_the_first() -> None:
    asked = "SELECT current_setting('cursor_tuple_fraction')"

    assert list(iter_rows(asked, [])) == [("1",)]

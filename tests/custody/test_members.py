"""What the database says of stored sets, held to what the sets themselves say."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from apps.custody.formats import to_bytes
from apps.custody.queries.members import (
    chunk_lines,
    may_hold,
    pack_arguments,
)

pytestmark = pytest.mark.django_db
_BLOCK = 1 << 16  # ordinals in one container of a stored set


def _is_kept(stored: bytes, ordinal: int) -> bool:
    asked = pack_arguments(batch_id=1, ordinal=ordinal)
    sql = f"SELECT {may_hold()} FROM (SELECT %(units)s AS units) l"
    with connection.cursor() as cursor:
        cursor.execute(sql, {**asked, "units": stored})
        return bool(cursor.fetchone()[0])


@st.composite
def _sets(draw: st.DrawFn) -> BitMap:
    """Of one container or several, as runs, lists or bits."""
    units = BitMap()
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, 3 * _BLOCK))
        length = draw(st.sampled_from((1, 2, 8, 48, 1_920, 70_000)))
        step = draw(st.sampled_from((1, 1, 2, 3)))
        units |= BitMap(range(first, first + length * step, step))
    if draw(st.booleans()):
        units.run_optimize()
    return units


@given(_sets(), st.data())
def test_a_set_that_has_the_pack_is_never_left_out(
    units: BitMap, data: st.DataObject
) -> None:
    edges = [units.min(), units.max(), units[len(units) // 2]]
    place = data.draw(st.integers(0, len(units) - 1))

    assert all(_is_kept(to_bytes(units), each) for each in (*edges, units[place]))


@pytest.mark.parametrize(
    "stored",
    [b"", b"\x3a", b"\x3b\x30\x00\x00\x01", to_bytes(BitMap()), bytes(40)],
    ids=["nothing", "a byte", "cut short", "the empty set", "no set"],
)
def test_what_is_no_set_is_left_to_the_reader(stored: bytes) -> None:
    assert _is_kept(stored, 7)


@pytest.mark.postgresql  # SQLite leaves all of it to the reader
@pytest.mark.parametrize("base", [0, _BLOCK, 3 * _BLOCK])
@pytest.mark.parametrize(
    ("units", "others"),
    [
        (range(300, 348), (299, 348, 0, _BLOCK - 1)),
        ((300, 302, 310), (299, 311)),
        ((500,), (499, 501)),
        ((*range(300, 340), *range(350, 358)), (299, 358)),
    ],
    ids=["a case", "some", "one", "two runs"],
)
def test_what_lies_before_behind_or_in_another_block_is_left_out(
    units: range | tuple[int, ...], others: tuple[int, ...], base: int
) -> None:
    stored = to_bytes(BitMap(base + each for each in units))
    elsewhere = [base + each for each in others]

    assert not any(_is_kept(stored, each) for each in elsewhere)
    assert not _is_kept(stored, base + _BLOCK + min(units))


@pytest.mark.postgresql
def test_each_line_is_looked_up_by_its_number_whatever_is_counted():
    # As a plain join a lot that nobody had counted was read whole for each of its lines.
    asked = pack_arguments(batch_id=1, ordinal=7)
    sql = f"SELECT l.id FROM {chunk_lines()} WHERE x.batch_id = %(batch)s"
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", asked)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "(id = x.line_id)" in plan
    assert "Join Filter" not in plan
    assert "Hash" not in plan

"""Sets of ordinals do what Python's own sets do, and have one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput
from apps.core.ordinals import Ordinals
from apps.core.ranges import count_of, parse_ranges, ranges_of, set_digest

HIGHEST = 2**32 - 1
# Around the ends of chunks of 1,024, where a set could come apart.
near = st.integers(0, 4).flatmap(
    lambda chunk: st.integers(max(0, chunk * 1_024 - 3), chunk * 1_024 + 3)
)
ordinals = near | st.integers(0, 5_000) | st.integers(HIGHEST - 2_000, HIGHEST)
sets = st.frozensets(ordinals, max_size=60)
runs = st.lists(
    st.tuples(ordinals.filter(lambda n: n < 10_000), st.integers(0, 3_000)), max_size=6
)


@given(sets, sets)
def test_the_operations_are_those_of_sets(one, two):
    left, right = Ordinals.of(one), Ordinals.of(two)

    assert set(left & right) == one & two
    assert set(left | right) == one | two
    assert set(left - right) == one - two
    assert (left <= right) is (one <= two)
    assert (left == right) is (one == two)
    assert (len(left), bool(left)) == (len(one), bool(one))
    assert (set(left), set(right)) == (one, two)  # nothing was changed in place


@given(sets, sets)
def test_equal_sets_are_equal_however_they_were_made(one, two):
    made = (Ordinals.of(one | two) - Ordinals.of(two)) | Ordinals.of(one & two)

    assert made == Ordinals.of(one)
    assert hash(made) == hash(Ordinals.of(one))
    assert repr(made) == repr(Ordinals.of(one))
    assert made != one


@given(sets)
def test_ranges_are_the_one_canonical_list(one):
    found = Ordinals.of(one).ranges()

    assert found == ranges_of(one)
    assert parse_ranges(found, field="set") == found
    assert count_of(found) == len(one)
    assert Ordinals.from_ranges(found) == Ordinals.of(one)
    assert list(Ordinals.of(one)) == sorted(one)


@given(runs)
def test_ranges_may_overlap_and_come_in_any_order(pairs):
    ranges = [(first, first + more) for first, more in pairs]
    wanted = {n for first, last in ranges for n in range(first, last + 1)}

    assert set(Ordinals.from_ranges(ranges)) == wanted
    assert Ordinals.from_ranges(ranges).ranges() == ranges_of(wanted)


def test_a_million_units_are_one_range():
    whole = Ordinals.from_ranges([(0, 999_999)])

    assert whole.ranges() == ((0, 999_999),)
    assert len(whole) == 1_000_000
    assert (whole - Ordinals.of([500_000])).ranges() == (
        (0, 499_999),
        (500_001, 999_999),
    )


def test_the_last_ordinal_there_is_can_be_in_a_set():
    assert Ordinals.from_ranges([(HIGHEST, HIGHEST)]) == Ordinals.of([HIGHEST])


@pytest.mark.parametrize("ordinal", [-1, HIGHEST + 1, 2**53])
def test_an_ordinal_that_cannot_be_is_refused(ordinal):
    with pytest.raises(MalformedInput) as error:
        Ordinals.of([0, ordinal])
    assert error.value.code == "bad_ordinal"
    with pytest.raises(MalformedInput, match="bad ordinal"):
        Ordinals.from_ranges([(min(0, ordinal), max(0, ordinal))])


def test_a_range_that_runs_back_is_refused():
    with pytest.raises(MalformedInput) as error:
        Ordinals.from_ranges([(5, 4)])

    assert (error.value.code, error.value.got) == ("bad_range", "[5, 4]")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0-5", "bad_ranges"),
        ({"0": 5}, "bad_ranges"),
        ([5], "bad_ranges"),
        ([[1, 2, 3]], "bad_ranges"),
        ([[1, "2"]], "bad_ranges"),
        ([[True, 2]], "bad_ranges"),
        ([[1.0, 2]], "bad_ranges"),
        ([[3, 2]], "bad_ranges"),
        ([[-1, 2]], "bad_ranges"),
        ([[0, 2**53]], "bad_ranges"),
        ([[0, 1], [2, 3]], "ranges_not_canonical"),  # they touch
        ([[0, 4], [3, 5]], "ranges_not_canonical"),
        ([[8, 9], [1, 2]], "ranges_not_canonical"),
    ],
)
def test_ranges_have_no_second_spelling(value, code):
    with pytest.raises(MalformedInput) as error:
        parse_ranges(value, field="set")

    assert error.value.code == code
    assert error.value.field.startswith("set")


def test_the_digest_of_a_set_is_that_of_its_ranges():
    assert set_digest(Ordinals.of([0, 1, 2, 7]).ranges()) == set_digest(
        ((0, 2), (7, 7))
    )
    assert set_digest(()) != set_digest(((0, 0),))

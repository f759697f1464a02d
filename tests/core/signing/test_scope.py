"""The scope of a recall has one spelling; most cases are refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput
from apps.core.recall import SerialRange, parse_scope


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "empty_scope"),
        ({"serials": []}, "not_sorted"),
        ({"serials": ["A2", "A1"]}, "not_sorted"),
        ({"serials": ["A1", "A1"]}, "repeated_member"),
        ({"ranges": []}, "not_sorted"),
        ({"ranges": [["A3", "A9"], ["A1", "A2"]]}, "not_sorted"),
        ({"ranges": [["A1", "A5"], ["A3", "A9"]]}, "ranges_not_canonical"),
        ({"ranges": [["A1", "A9"], ["A3", "A4"]]}, "ranges_not_canonical"),
        ({"ranges": [["A1", "A5"], ["A5", "A9"]]}, "ranges_not_canonical"),
        ({"ranges": [["A1", "A5"], ["A6", "A9"]]}, "ranges_not_canonical"),
        ({"ranges": [["AA", "Az"], ["B!", "B2"]]}, "ranges_not_canonical"),
        ({"ranges": [["y0", "zz"], ["z1", "z2"]]}, "ranges_not_canonical"),
        # One of another length stands between two that overlap.
        (
            {"ranges": [["A1", "A5"], ["A10", "A20"], ["A3", "A9"]]},
            "ranges_not_canonical",
        ),
        ({"ranges": [["A1", "A1"]]}, "bad_range"),
        ({"ranges": [["A2", "A1"]]}, "bad_range"),
        ({"ranges": [["A1", "A10"]]}, "bad_range"),
        ({"ranges": [["A1"]]}, "bad_length"),
        ({"ranges": [["A1", 2]]}, "bad_range"),
        ({"ranges": [["A1", "A5"]], "serials": ["A2"]}, "repeated_member"),
        ({"ranges": [["A1", "A5"]], "serials": ["A0", "A5"]}, "repeated_member"),
        ({"ranges": [["A1", "A5"]], "note": ""}, "unknown_field"),
    ],
)
def test_a_second_spelling_is_refused(body, code):
    with pytest.raises(MalformedInput) as refused:
        parse_scope(body)

    assert refused.value.code == code


def test_ranges_and_serials_that_keep_apart_are_read():
    scope = parse_scope(
        {
            "ranges": [["A1", "A5"], ["A10", "A20"], ["A7", "A9"], ["B0", "B9"]],
            "serials": ["A0", "A6", "A6X"],
        }
    )

    assert scope.ranges[2] == SerialRange("A7", "A9")
    assert scope.covers_serial("A15")
    assert scope.covers_serial("A6")
    assert not scope.covers_serial("A99")


CHARACTERS = st.sampled_from("!09:AZ_az")


@given(
    st.lists(
        st.tuples(
            st.text(CHARACTERS, min_size=2, max_size=2),
            st.text(CHARACTERS, min_size=2, max_size=2),
        ),
        min_size=2,
        max_size=4,
    )
)
def test_ranges_that_are_read_have_no_serial_in_common(pairs):
    ranges = sorted({tuple(sorted(pair)) for pair in pairs})
    try:
        scope = parse_scope({"ranges": [list(pair) for pair in ranges]})
    except MalformedInput:
        return
    for each in scope.ranges:
        others = [other for other in scope.ranges if other != each]
        assert not any(other.covers(each.first) for other in others)
        assert not any(other.covers(each.last) for other in others)

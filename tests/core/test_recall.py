"""Which packs a scope means, against a model that spells everything out."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput
from apps.core.recall import Scope, parse_scope

# Few letters, so that what is asked for is often met: a small and a capital letter, a
# digit and a mark of set 82 stand on different sides of one another by code point.
ALPHABET = "1Ab-"
DAY = date(2029, 1, 31)

serials = st.text(ALPHABET, min_size=1, max_size=3)
lots = st.text("AB1", min_size=1, max_size=2)
days = st.integers(-3, 3).map(lambda n: DAY + timedelta(days=n))


def ascending(values):
    return st.lists(values, min_size=1, max_size=4, unique=True).map(sorted)


def is_range(ranges):
    """Whether a scope may be spelled with these ranges (ADR 12)."""
    try:
        parse_scope({"ranges": ranges})
    except MalformedInput:
        return False
    return True


@st.composite
def serial_ranges(draw):
    """[first, last] of one length, in any number, as far apart as a scope wants."""
    pairs = draw(
        ascending(
            st.integers(1, 3).flatmap(
                lambda size: st.lists(
                    st.text(ALPHABET, min_size=size, max_size=size),
                    min_size=2,
                    max_size=2,
                    unique=True,
                ).map(lambda pair: tuple(sorted(pair)))
            )
        )
    )
    apart = []
    for pair in map(list, pairs):
        if is_range([*apart, pair]):
            apart.append(pair)
    return apart


@st.composite
def windows(draw):
    first, last = sorted([draw(days), draw(days)])
    both = {"expiry_from": first.isoformat(), "expiry_to": last.isoformat()}
    left_out = draw(st.sampled_from(["", "expiry_from", "expiry_to"]))
    return {name: day for name, day in both.items() if name != left_out}


@st.composite
def scopes(draw):
    """The body of a scope, of any kinds together."""
    body = {
        "lots": draw(st.none() | ascending(lots)),
        "serials": draw(st.none() | ascending(serials)),
        "ranges": draw(st.none() | serial_ranges()),
    }
    ranged = {each for pair in body["ranges"] or () for each in spelled_out(*pair)}
    body["serials"] = [each for each in body["serials"] or () if each not in ranged]
    named = {name: value for name, value in body.items() if value}
    if not named or draw(st.booleans()):
        named |= draw(windows())
    return named


def spelled_out(first, last):
    """Every serial of a range, one by one: counting in the order of code points."""
    digits = sorted(ALPHABET)
    found, serial = [first], first
    while serial != last:
        head, ninths = serial, 0
        while head[-1] == digits[-1]:
            head, ninths = head[:-1], ninths + 1
        following = digits[digits.index(head[-1]) + 1]
        serial = head[:-1] + following + digits[0] * ninths
        found.append(serial)
    return found


def is_meant(body, *, lot, expiry_date, serial):
    """The model: a pack is meant if it is in every kind that the body names."""
    packs = [*body.get("serials", [])]
    for first, last in body.get("ranges", []):
        packs += spelled_out(first, last)
    day = expiry_date.isoformat()  # of ISO days the text sorts as the day does
    return (
        lot in body.get("lots", [lot])
        and (serial in packs or not {"serials", "ranges"} & set(body))
        and body.get("expiry_from", day) <= day <= body.get("expiry_to", day)
    )


def covers(body, *, lot, expiry_date, serial):
    scope = parse_scope(body)
    is_batch = scope.covers_batch(lot=lot, expiry_date=expiry_date)
    return is_batch and scope.covers_serial(serial)


@given(scopes(), lots, days, serials)
def test_a_scope_means_what_the_model_spells_out(body, lot, expiry_date, serial):
    pack = {"lot": lot, "expiry_date": expiry_date, "serial": serial}

    assert covers(body, **pack) == is_meant(body, **pack)


@given(ascending(lots), lots, days, serials)
def test_a_scope_of_lots_means_every_pack_of_them_and_no_other(
    named, lot, expiry_date, serial
):
    scope = parse_scope({"lots": named})

    assert scope.covers_batch(lot=lot, expiry_date=expiry_date) == (lot in named)
    assert scope.covers_serial(serial)
    assert not scope.names_serials


@given(ascending(serials), serials)
def test_a_list_of_serials_means_those_alone(named, serial):
    scope = parse_scope({"serials": named})

    assert scope.names_serials
    assert scope.covers_serial(serial) == (serial in named)
    assert scope.covers_batch(lot="A", expiry_date=DAY)


@given(serial_ranges(), serials)
def test_a_range_means_both_ends_and_all_between(ranges, serial):
    scope = parse_scope({"ranges": ranges})
    spelled = {each for pair in ranges for each in spelled_out(*pair)}

    assert scope.covers_serial(serial) == (serial in spelled)
    assert all(scope.covers_serial(end) for pair in ranges for end in pair)


@given(windows(), days)
def test_a_window_means_its_first_and_last_day_too(window, expiry_date):
    scope = parse_scope(window)
    offsets = [DAY + timedelta(days=n) for n in range(-3, 4)]
    first = date.fromisoformat(window.get("expiry_from", offsets[0].isoformat()))
    last = date.fromisoformat(window.get("expiry_to", offsets[-1].isoformat()))
    meant = [day for day in offsets if not (day < first or day > last)]

    assert scope.covers_batch(lot="A", expiry_date=expiry_date) == (
        expiry_date in meant
    )


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "empty_scope", "scope"),
        ({"lots": []}, "not_sorted", "scope.lots"),
        ({"lots": ["B", "A"]}, "not_sorted", "scope.lots"),
        ({"lots": ["A", "A"]}, "repeated_member", "scope.lots"),
        ({"lots": ["é"]}, "bad_character", "scope.lots.0"),
        ({"serials": [""]}, "empty", "scope.serials.0"),
        ({"serials": ["b", "A"]}, "not_sorted", "scope.serials"),
        ({"ranges": [["1", "10"]]}, "bad_range", "scope.ranges.0"),
        ({"ranges": [["2", "1"]]}, "bad_range", "scope.ranges.0"),
        ({"ranges": [["1", 2]]}, "bad_range", "scope.ranges.0"),
        ({"ranges": [["1"]]}, "bad_length", "scope.ranges.0"),
        (
            {"expiry_from": "2029-02-01", "expiry_to": "2029-01-31"},
            "bad_window",
            "scope.expiry_to",
        ),
        ({"expiry_from": "2029-02-29"}, "bad_date", "scope.expiry_from"),
        ({"lots": ["A"], "colour": "red"}, "unknown_field", "scope.colour"),
    ],
)
def test_a_scope_that_says_nothing_clear_is_refused(body, code, field):
    with pytest.raises(MalformedInput) as refused:
        parse_scope(body)

    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_scope_without_a_kind_would_mean_everything():
    """Why `parse_scope` refuses it: nobody recalls a whole product by leaving out."""
    assert Scope().covers_batch(lot="A", expiry_date=DAY)
    assert Scope().covers_serial("1")

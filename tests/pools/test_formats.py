"""How serials are drawn, and when a length is refused."""

from itertools import islice

import pytest
from pyroaring import BitMap

from apps.core.errors import MalformedInput
from apps.core.gs1.keys import Serial
from apps.pools.formats import (
    ALPHABET,
    ODDS,
    draw_serials,
    odds_of,
    shortest,
    to_bytes,
    to_set,
    verify_length,
)


def test_the_alphabet_has_no_characters_that_look_alike():
    assert len(set(ALPHABET)) == len(ALPHABET) == 30
    assert not set(ALPHABET) & set("01OILU")
    assert str(Serial.parse(ALPHABET[:20])) == ALPHABET[:20]


def test_drawn_serials_have_the_length_and_use_every_character_alike():
    drawn = list(islice(draw_serials(length=13), 25_000))

    assert {len(serial) for serial in drawn} == {13}
    assert len(set(drawn)) == 25_000
    text = "".join(drawn)
    expected = len(text) / len(ALPHABET)
    # 325,000 characters: six standard deviations are 0.06 of the expected count.
    assert all(abs(text.count(each) / expected - 1) < 0.06 for each in ALPHABET)


@pytest.mark.parametrize("known_units", [1, 7, 10**6, 10**9, 531_441])
def test_the_shortest_length_keeps_the_promise_and_one_less_breaks_it(known_units):
    length = shortest(known_units=known_units)

    assert odds_of(length=length, known_units=known_units) >= ODDS
    assert odds_of(length=length - 1, known_units=known_units) < ODDS
    verify_length(length=length, known_units=known_units)
    with pytest.raises(MalformedInput, match="guessable"):
        verify_length(length=length - 1, known_units=known_units)


@pytest.mark.parametrize("length", [0, -1, 21])
def test_a_length_that_no_serial_can_have_is_refused(length):
    with pytest.raises(MalformedInput) as refusal:
        verify_length(length=length, known_units=1)

    assert refusal.value.code == "out_of_range"


def test_where_twenty_characters_are_too_few_it_is_said():
    with pytest.raises(MalformedInput) as refusal:
        verify_length(length=20, known_units=30**20)

    assert refusal.value.code == "guessable"
    assert "at least 29 characters" in refusal.value.wanted


def test_a_set_is_stored_as_the_ends_of_its_rows():
    free = BitMap(range(10_000))

    stored = to_bytes(BitMap(free[:500]))

    assert len(stored) == 15
    assert to_set(stored) == BitMap(range(500))

"""PostgreSQL changes a vector as Python does."""

import random
from array import array

import pytest
from django.db import connection

from apps.custody.formats import CHUNK
from apps.custody.operations.vectors import Change, _arrays, _changed

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def _there(vector: bytes, changes: list[Change]) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT vector_changed(%s, %s::int[], %s::bytea[], %s::bytea[])",
            [vector, *_arrays(changes)],
        )
        return bytes(cursor.fetchone()[0])


@pytest.mark.parametrize("seed", range(8))
def test_a_vector_is_changed_alike_on_both_sides(seed: int) -> None:
    chance = random.Random(seed)
    vector = array("I", [chance.randrange(3) for _ in range(CHUNK)]).tobytes()
    changes = []
    for _ in range(12):
        place = chance.randrange(CHUNK)
        size = chance.randint(1, min(40, CHUNK - place))
        old = chance.choice([None, 0, 1, 2])
        changes.append(Change(place, size, chance.randrange(2**32), old))

    assert _there(vector, changes) == _changed(vector, changes)


def test_no_change_leaves_it_as_it_was() -> None:
    vector = array("I", range(CHUNK)).tobytes()

    assert _there(vector, []) == vector


def test_the_last_place_and_the_whole_are_reached() -> None:
    vector = bytes(4 * CHUNK)
    changes = [Change(CHUNK - 1, 1, 7), Change(0, CHUNK, 9, 0)]

    assert array("I", _there(vector, changes)).tolist() == [9] * (CHUNK - 1) + [7]

"""What tests start from is, row by row, what was said at the door."""

import pytest

from apps.partners import queries
from tests.cast import NOVAMED, START, admit_all, keyring
from tests.frozen import play, read_tables

__all__ = ["keyring"]

SEEN: list[object] = []


@pytest.mark.parametrize("time", ["played", "put back", "put back again"])
def test_a_story_is_the_same_whenever_it_is_wanted(db, keyring, time):
    stage = play("the cast, to compare", keyring, START, admit_all)

    SEEN.append((stage.at, read_tables()))
    assert SEEN[-1] == SEEN[0]
    assert len(SEEN[0][1]) >= 10
    assert queries.get_partner(NOVAMED.gln).name == "Novamed"

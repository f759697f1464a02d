"""A recall of a lot whose events are detached: told is what is known, and not less."""

import pytest

from apps.core.errors import Unavailable
from apps.custody.operations import detaching
from apps.recalls.operations import flag_affected, sweep_notices
from apps.recalls.queries.trace import find_trace
from pharmatrace.demo.cast import AMOXIL, REGULATOR
from tests.recalls.calls import open_recall, spread
from tests.recalls.test_notices import told

pytestmark = pytest.mark.postgresql


def test_holders_are_told_at_once_and_earlier_ones_when_it_is_back(stage, take_out):
    spread(stage)
    take_out()
    recall = open_recall(stage)

    flag_affected(recall_id=recall.pk, at=stage.tick())

    assert told() == {
        "Novamed": (70, 0),
        "Transpharm": (20, 0),
        "Stella Pharmacy": (6, 0),
    }
    detaching.attach(1)
    sweep_notices(at=stage.tick())
    assert told() == {
        "Novamed": (70, 30),
        "Transpharm": (20, 10),
        "Stella Pharmacy": (6, 4),
    }


def test_what_was_told_before_it_went_stays_told(stage, take_out):
    spread(stage)
    recall = open_recall(stage)
    flag_affected(recall_id=recall.pk, at=stage.tick())
    before = told()
    take_out()

    assert sweep_notices(at=stage.tick()) == {"flagged": 1}

    assert told() == before
    assert sweep_notices(at=stage.tick()) == {"flagged": 0}


def test_its_trace_is_refused_and_given_again(stage, take_out):
    spread(stage)
    take_out()
    asked = {
        "gtin": AMOXIL.gtin,
        "lot": "A1",
        "serial": "",
        "actor": stage.actor(REGULATOR),
    }

    with pytest.raises(Unavailable, match="part detached"):
        find_trace(**asked)

    detaching.attach(1)
    assert find_trace(**asked).edges

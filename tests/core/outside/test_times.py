"""When a statement was taken in: shown by the map roots around its leaves."""

import pytest

from tests.core.outside import small_ledger as cast
from tests.core.outside.test_lies import KEYS, refused_at, verify

MINUTE = 60_000


def runs(*, accepted_ms=cast.AT, times=(0, 1_000, 2_000)):
    """Three runs, whose times are so far after AT; the second took `last` in."""
    ledger = cast.Ledger()
    earlier, own, later = (cast.AT + time for time in times)
    ledger.time_ms = earlier
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.seal()
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.seal()
    ledger.time_ms = own
    ledger.append("last", cast.commission(), "nils", accepted_ms=accepted_ms)
    ledger.seal()
    ledger.time_ms = later
    ledger.append("more", cast.enrol("later"), "nora", "later")
    ledger.close()
    return ledger


def said_of_time(ledger, document=None):
    _, found = (each for each in verify(ledger, document) if each.step == 10)
    return found


def with_runs(ledger, **places):
    """The proof with the map roots of other runs, None for none."""
    document = ledger.proof("last", keys=KEYS)
    for name, run in places.items():
        document.pop(name, None)
        if run is not None:
            document[name] = ledger.placed(ledger.runs[run])
    return document


def test_a_statement_is_taken_in_by_the_next_run():
    found = said_of_time(runs())

    assert (found.is_shown, found.is_doubtful) == (True, False)
    assert found.text.startswith("taken in at 2026-03-02T09:00:01.000Z")


@pytest.mark.parametrize(
    ("accepted_ms", "is_late"),
    [
        (cast.AT + 1_000, False),
        (cast.AT, False),
        (cast.AT - MINUTE, False),
        (cast.AT - MINUTE - 1, True),
        (cast.AT - 3 * MINUTE, True),
    ],
)
def test_what_was_accepted_before_the_last_run_is_late(accepted_ms, is_late):
    found = said_of_time(runs(accepted_ms=accepted_ms))

    assert found.is_doubtful == is_late
    assert found.text.startswith("late: accepted ") == is_late


def test_the_first_run_of_a_log_has_none_before_it():
    ledger = cast.Ledger()
    ledger.append("last", cast.genesis(), "operator", "regulator")
    ledger.said["genesis"] = ledger.said["last"]
    ledger.close()
    document = ledger.proof("last")

    assert "before" not in document
    assert "the first run of the log" in said_of_time(ledger, document).text


def test_without_the_map_roots_around_nothing_is_said_of_the_time():
    ledger = runs()

    found = said_of_time(ledger, with_runs(ledger, before=None, after=None))

    assert not found.is_shown


@pytest.mark.parametrize(
    ("places", "code"),
    [
        ({"before": 0}, "not_neighbours"),
        ({"before": None}, "not_neighbours"),
        ({"before": 2}, "not_around"),
        ({"before": 3}, "not_around"),
        ({"after": 3}, "not_neighbours"),
        ({"after": 1}, "not_around"),
        ({"after": 0, "before": None}, "not_around"),
        ({"after": 3, "before": 2}, "not_around"),
        ({"after": 1, "before": 0}, "not_around"),
    ],
)
def test_other_runs_than_the_neighbours_are_refused(places, code):
    ledger = runs(accepted_ms=cast.AT - 3 * MINUTE)

    assert refused_at(ledger, with_runs(ledger, **places)) == (10, code)


def test_a_leaf_of_goods_is_no_map_root():
    ledger = runs()
    document = ledger.proof("last", keys=KEYS)
    document["before"] = ledger.placed(5)

    assert refused_at(ledger, document) == (10, "wrong_leaf_type")


def test_a_run_has_one_time():
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.append("last", cast.commission(), "nils")
    ledger.time_ms += 1
    ledger.close()

    assert refused_at(ledger) == (10, "other_checkpoint")


def test_time_does_not_run_back():
    assert refused_at(runs(times=(2_000, 1_000, 3_000))) == (10, "time_runs_back")


def test_the_map_roots_stand_under_the_head_of_the_leaves():
    ledger = runs()
    document = ledger.proof("last", keys=KEYS)
    ledger.append("again", cast.enrol("again"), "nora", "again")
    ledger.close()
    longer = ledger.proof("last", keys=KEYS)

    assert refused_at(ledger, {**document, "before": longer["before"]}) == (
        10,
        "other_checkpoint",
    )

"""What may be skipped in CI, and what is then said."""

import pytest

from tests import skips


def skipped(reason: str) -> pytest.TestReport:
    where = ("tests/x.py", 7, f"Skipped: {reason}")
    return pytest.TestReport("x", ("tests/x.py", 7, "x"), {}, "skipped", where, "setup")


FORBIDDEN = skipped(f"{skips.NOT_PERMITTED}: tracing processes")


def test_a_skip_is_wrong_unless_the_machine_forbids_the_test():
    missing = skipped("NO SYSTEM CALL IS STRUCK: strace is not installed")

    assert skips.list_wrong([FORBIDDEN]) == []
    assert skips.list_wrong([FORBIDDEN, missing, skipped("")]) == [
        "Skipped: NO SYSTEM CALL IS STRUCK: strace is not installed",
        "Skipped: ",
    ]


def test_what_is_forbidden_is_said_once():
    assert skips.list_forbidden([FORBIDDEN, skipped("no reason"), FORBIDDEN]) == [
        "Skipped: NOT PERMITTED HERE: tracing processes"
    ]

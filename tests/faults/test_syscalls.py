"""One run of the sequencer, killed and failed at its system calls by strace.

CI strikes twenty points of each database, spread over all; `make faults` every one.
"""

import shutil

import pytest

from tests.faults import tracing
from tests.faults.conftest import IS_ALL
from tests.faults.judging import assert_whole
from tests.faults.process import KILLED
from tests.faults.tracing import Point
from tests.skips import NOT_PERMITTED

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

IN_CI = 20
WANTED = {"write", "fsync", "link", "unlink", "rename"}


def chosen(points: list[Point]) -> list[Point]:
    if IS_ALL:
        return points
    # An odd stride takes both effects in turn.
    stride = len(points) // IN_CI // 2 * 2 + 1
    return points[::stride]


def test_a_run_that_is_struck_at_a_system_call_is_gone_on_with(
    site, outsider, tmp_path
):
    if shutil.which("strace") is None:
        pytest.skip("NO SYSTEM CALL IS STRUCK: strace is not installed")
    try:
        points = tracing.list_points(site, tmp_path, "integrate")
    except tracing.NotPermittedError:
        # Nothing to install would help; test_steps strikes the same run from inside.
        pytest.skip(f"{NOT_PERMITTED}: tracing processes")
    assert {point.name for point in points} >= WANTED
    for number, point in enumerate(chosen(points)):
        site.put_back("begun")

        ended, lines = tracing.run_traced(site, tmp_path, "integrate", point.option)

        if point.effect == "error=EIO":
            assert any("INJECTED" in line for line in lines), point
        else:
            assert ended.code == KILLED, point
        try:
            follower = outsider.another(tmp_path / f"memory {number}")
            follower.follow()
            assert_whole(site, follower)
        except Exception as error:
            raise AssertionError(f"after {point}") from error

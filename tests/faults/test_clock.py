"""A host's clock is an hour back or a day ahead (libfaketime), then right again."""

import shutil

import pytest

from tests.faults.judging import assert_whole
from tests.faults.process import Parent

pytestmark = pytest.mark.slow

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
WITHIN_MS = 60_000  # what a slow machine may need from one deed to the next


@pytest.fixture(autouse=True)
def faketime():
    if shutil.which("faketime") is None:
        pytest.skip("NO CLOCK IS SET WRONG: faketime is not installed")


@pytest.fixture
def at_another_time(sqlite_site):
    """`at_another_time("-1h")`: processes of the same site, on a wrong clock."""
    parents = []

    def begin(offset: str) -> Parent:
        prefix = ["faketime", "--exclude-monotonic", "-f", offset]
        parents.append(Parent(sqlite_site.environment(), prefix))
        return parents[-1]

    yield begin
    for parent in parents:
        parent.end()


@pytest.mark.parametrize(
    ("offset", "said_ms", "logged_ms"),
    [("-1h", -HOUR_MS, 0), ("+1d", DAY_MS, DAY_MS)],
)
def test_the_log_goes_on_and_its_time_never_runs_back(
    sqlite_site, sqlite_outsider, at_another_time, offset, said_ms, logged_ms
):
    sqlite_site.do("integrate")
    last_ms = sqlite_site.do("look")["times"][-1]
    wrong = at_another_time(offset)

    sqlite_site.said += wrong.do("say", 1)
    wrong.do("integrate")
    sqlite_outsider.follow()
    sqlite_site.said += sqlite_site.do("say", 1)

    seen = assert_whole(sqlite_site, sqlite_outsider)
    *_, accepted_ms, later_ms = seen["accepted"]
    # The door's clock is told as it was; a verifier sees by the log's that it was late.
    assert abs(accepted_ms - last_ms - said_ms) < WITHIN_MS
    assert abs(later_ms - last_ms) < WITHIN_MS
    # The log's time stood still, or ran ahead and stands still until all have come up.
    by_index = dict(seen["logged"])
    times = [seen["times"][by_index[each]] for each in sqlite_site.said[-2:]]
    assert abs(times[0] - last_ms - logged_ms) < WITHIN_MS
    assert abs(times[1] - last_ms - max(logged_ms, 0)) < WITHIN_MS
    assert all(
        at >= said for at, said in zip(times, seen["accepted"][-2:], strict=True)
    )

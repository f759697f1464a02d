"""A process of the sequencer is killed, or fails, around every durable step.

"kill before" and "kill after" a call inside a step are the kills during that step; to
"fail after" is to have done the work and not to know it.
"""

import pytest

from apps.core.tiles import TILE_WIDTH
from tests.faults.conftest import IS_ALL
from tests.faults.judging import Outsider, assert_whole
from tests.faults.nemesis import INJECTED, POINTS, WAYS
from tests.faults.process import KILLED
from tests.faults.site import Site

pytestmark = pytest.mark.slow

# Which call of a point is that of the new head: before it, the last head's are made.
STEPS = {
    "take": 1,
    "leaves": 1,
    "map": 1,
    "commit": 1,
    "sync": 1,
    "file": 2,
    "tiles": 1,
    "recalls": 1,
    "verify": 1,
    "sign": 1,
    "temporary": 5,
    "swap": 1,
    "record": 2,
    "cosigned": 2,
    "policy": 2,
    "publish": 1,
}


# Where the disk is struck, the database has no part in what follows.
OF_THE_DISK = [point for point in STEPS if POINTS[point][1] == "disk"]
OF_BOTH = [point for point in STEPS if IS_ALL or point not in OF_THE_DISK]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("point", OF_BOTH)
def test_a_run_that_stops_anywhere_is_gone_on_with(site, outsider, point, way):
    strike(site, outsider, point, way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("point", OF_THE_DISK)
def test_a_run_that_stops_at_a_file_is_gone_on_with(
    sqlite_site, sqlite_outsider, point, way
):
    strike(sqlite_site, sqlite_outsider, point, way)


# What a backlog has done in threads, beside the main one.
IN_THREADS = ("leaves", "map", "sync", "file")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("point", IN_THREADS)
def test_a_backlog_that_stops_in_a_thread_is_gone_on_with(site, outsider, point, way):
    strike(site, outsider, point, way, deed="integrate in threads")


def strike(
    site: Site, outsider: Outsider, point: str, way: str, *, deed: str = "integrate"
) -> None:
    fault = {"point": point, "way": way, "number": STEPS[point]}

    ended = site.run(deed, faults=[fault])

    if way.startswith("kill"):
        assert ended.code == KILLED
    else:
        assert INJECTED in ended.said
    outsider.follow()
    assert_whole(site, outsider)


def test_a_run_that_stops_where_a_tile_becomes_full_is_gone_on_with(
    sqlite_site, sqlite_outsider, tmp_path
):
    """Its partial files go as soon as the head that has the full one is published."""
    site = sqlite_site
    site.do("grow", TILE_WIDTH - 3)
    site.said = site.do("say", 5)
    site.keep("nearly full")
    for way in ("kill before", "fail after"):
        site.put_back("nearly full")
        fault = {"point": "partials", "way": way, "number": 1}

        ended = site.run("integrate", faults=[fault])

        assert ended.code == (KILLED if way.startswith("kill") else 1), ended.said
        follower = sqlite_outsider.another(tmp_path / way)
        follower.follow()
        assert assert_whole(site, follower)["published"] > TILE_WIDTH

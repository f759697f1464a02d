"""A file on its way to a lot is killed, or fails, around every step: whole or absent.

Then the same file is sent again, as its maker's machine would, and the lot is whole.
"""

import pytest

from tests.faults.conftest import IS_ALL
from tests.faults.judging import Outsider, assert_whole
from tests.faults.nemesis import INJECTED, UPLOAD_POINTS, WAYS
from tests.faults.process import KILLED
from tests.faults.site import Site

pytestmark = pytest.mark.slow

LOT, SIZE = "UP", 3_000
WHOLE = [SIZE, SIZE, SIZE]  # said by the batch, in the register, held
ALL = [(point, way) for point in UPLOAD_POINTS for way in WAYS]
SOME = {
    "sqlite": [
        ("chunk", "kill after"),
        ("removed", "kill before"),
    ],
    "postgresql": [("visible", "kill after")],
}


def points(database):
    return ALL if IS_ALL else SOME[database]


@pytest.mark.parametrize(("point", "way"), points("sqlite"))
def test_a_file_that_stops_anywhere_is_sent_again(
    sqlite_site, sqlite_outsider, point, way
):
    strike(sqlite_site, sqlite_outsider, point, way)


@pytest.mark.parametrize(("point", "way"), points("postgresql"))
def test_a_file_that_stops_anywhere_is_sent_again_to_postgresql(
    ledgers, tmp_path, point, way
):
    site = ledgers("postgresql")
    site.put_back("begun")
    outsider = Outsider(site.log, site.folder / "memory").another(tmp_path / "memory")
    strike(site, outsider, point, way)


def strike(site: Site, outsider: Outsider, point: str, way: str) -> None:
    fault = {"point": point, "way": way, "number": 2 if point == "chunk" else 1}

    ended = site.run("upload", LOT, 0, SIZE, faults=[fault])

    if way.startswith("kill"):
        assert ended.code == KILLED, ended.said
    else:
        assert INJECTED in ended.said
    assert site.do("registered")["lots"].get(LOT, WHOLE) == WHOLE
    assert site.do("upload", LOT, 0, SIZE) in {"commissioned", "refused"}
    site.do("sweep")
    stands = site.do("registered")
    assert stands["lots"][LOT] == WHOLE
    assert (stands["staged"], stands["files"]) == ([0, 0], 0)
    assert_whole(site, outsider)


# Lot and first serial of each file, of 500, and why the later signature is refused.
ONE_SERIAL = ((("U1", 0), ("U2", 499)), "serial_taken")
ONE_LOT = ((("U1", 0), ("U1", 500)), "base_moved")


@pytest.mark.parametrize(
    ("files", "code"), [ONE_SERIAL, ONE_LOT] if IS_ALL else [ONE_SERIAL]
)
def test_of_two_that_are_signed_at_once_one_is_made(site, outsider, files, code):
    signed = [site.do("prepare", lot, start, 500) for lot, start in files]
    both = [site.parent.start("send", each) for each in signed]
    for pid in both:
        site.parent.go(pid)

    said = sorted(site.parent.wait(pid).said for pid in both)

    assert said == [code, "taken"]
    lots = site.do("registered")["lots"]
    assert [lots[lot] for lot in ("U1", "U2") if lot in lots] == [[500, 500, 500]]
    assert_whole(site, outsider)

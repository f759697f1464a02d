"""The disk is full: a small file system of the site's own, which a test fills.

The mount is seen by the site's processes alone (`unshare`), so it needs no root and
ends with them.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import IS_ALL
from tests.faults.process import Parent
from tests.skips import NOT_PERMITTED

pytestmark = pytest.mark.slow

SIZE = 3_000  # serials of a file
# When the disk fills in the way of a file to a lot; each is a lot of its own.
MOMENTS = ("receiving", "checking", "signing") if IS_ALL else ("signing",)
MOUNT = 'mount -t tmpfs -o size=16m tmpfs {folder} && exec "$@"'


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Parent]:
    """Processes of a site whose VAR_DIR is a file system of 16 MB."""
    prefix = ["unshare", "-rm", "sh", "-c", MOUNT.format(folder=tmp_path), "sh"]
    if subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip(f"{NOT_PERMITTED}: a file system of our own")
    environment = {"VAR_DIR": str(tmp_path), "DEMO": "0", "LOG_LEVEL": "CRITICAL"}
    parent = Parent({"PATH": "/usr/bin:/bin"} | environment, prefix)
    yield parent
    parent.end()


def test_what_does_not_fit_is_refused_whole_and_the_log_goes_on(small_disk):
    site = small_disk
    site.do("open")
    site.do("integrate")
    [said] = site.do("say", 1)
    signed = site.do("sign")
    before = site.do("look")

    warm = site.do("fill and post", signed)
    fresh = site.do("post", signed)
    ended = site.run("integrate")

    assert (warm["status"], warm["code"]) == (507, "disk_full")
    # A worker that starts now cannot even map SQLite's index of the journal.
    assert fresh["status"] in {503, 507}
    assert min(int(warm["retry_after"]), int(fresh["retry_after"])) > 0
    assert ended.code == 1
    site.do("free")
    after = site.do("look")
    assert (after["said"], after["times"]) == (before["said"], before["times"])
    assert after["quarantine"] is None

    answer = site.do("post", signed)
    seen = site.do("go_on")

    assert answer["status"] == 201
    assert seen["findings"] == []
    assert seen["pending"] == []
    assert {said, answer["id"]} <= {each for each, _ in seen["logged"]}
    assert seen["published"] == len(seen["times"])

    for number, moment in enumerate(MOMENTS):
        upload_where_the_disk_fills(site, moment, first=number * SIZE)


def upload_where_the_disk_fills(site: Parent, moment: str, *, first: int) -> None:
    """Nothing of the lot stands; with room again its file makes it whole."""
    ended = site.run("upload and fill", moment, moment, first, SIZE)

    assert ended.code == 1, ended.said
    site.do("free")
    assert moment not in site.do("registered")["lots"]
    assert site.do("upload", moment, first, SIZE) == "commissioned"
    assert site.do("registered")["lots"][moment] == [SIZE, SIZE, SIZE]
    assert site.do("go_on")["findings"] == []

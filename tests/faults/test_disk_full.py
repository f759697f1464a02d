"""The disk is full: a small file system of the site's own, which a test fills.

The mount is seen by the site's processes alone (`unshare`), so it needs no root and
ends with them.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.process import Parent
from tests.skips import NOT_PERMITTED

pytestmark = pytest.mark.slow

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

"""A long log is fetched slice by slice, each while the one before is judged."""

import threading

import pytest

from apps.core.errors import ProofError
from apps.core.outside import monitor_slices
from apps.core.outside.monitor_slices import iter_slices
from apps.core.tiles import TILE_WIDTH, Tile
from tests.core.outside.public_log import GrowingLog

SOON = 30  # seconds; only a thread that never comes takes as long


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Slices of one tile."""
    monkeypatch.setattr(monitor_slices, "SLICE", TILE_WIDTH)


class Served:
    """Answers with the names of the files; `lies` are refused, `hold` keeps waiting."""

    def __init__(self, *, lies=(), hold=None):
        self.lies, self.hold = lies, hold
        self.asked, self.came = [], threading.Event()

    def read_many(self, tiles):
        self.asked += tiles
        if self.hold and threading.current_thread() is not threading.main_thread():
            self.came.set()
            assert self.hold.wait(SOON)
        for tile in tiles:
            if tile in self.lies:
                raise ProofError("tile_truncated", field=tile.path)
        return [tile.path.encode() for tile in tiles]


def test_slices_end_at_whole_tiles_and_hold_all_files_of_the_growth():
    served = Served()

    slices = iter_slices(served, start=300, size=600)
    read = [(each.size, each.get_bundles(), each.get_tiles()) for each in slices]

    assert read == [
        (512, [b"tile/entries/001"], [b"tile/0/001"]),
        (600, [b"tile/entries/002.p/88"], [b"tile/0/002.p/88"]),
    ]


def test_the_next_slice_is_on_its_way_while_one_is_judged():
    hold = threading.Event()
    served = Served(hold=hold)

    slices = iter_slices(served, start=0, size=2 * TILE_WIDTH)
    first = next(slices)

    assert served.came.wait(SOON)
    assert first.get_bundles() == [b"tile/entries/000"]
    hold.set()
    assert next(slices).get_bundles() == [b"tile/entries/001"]


def test_what_fails_ahead_is_raised_in_its_turn():
    served = Served(lies=[Tile(-1, 1)])

    slices = iter_slices(served, start=0, size=2 * TILE_WIDTH)
    first, second = next(slices), next(slices)

    assert first.get_bundles() == [b"tile/entries/000"]
    with pytest.raises(ProofError, match="tile truncated"):
        second.get_bundles()
    assert second.get_tiles() == [b"tile/0/001", b"tile/1/000.p/2"]


def test_after_a_lie_nobody_waits_for_the_slice_behind_it():
    hold = threading.Event()
    served = Served(hold=hold)
    slices = iter_slices(served, start=0, size=2 * TILE_WIDTH)
    next(slices)
    assert served.came.wait(SOON)

    slices.close()  # does not wait for `hold`

    hold.set()
    assert Tile(0, 1) not in served.asked


def test_a_log_of_many_slices_is_judged_and_its_first_lie_named(watch):
    log = GrowingLog()
    for _ in range(4):
        log.run(300)
    log.publish(watch.files)

    code, said = watch.once()

    assert (code, said["new_leaves"], said["tags"]) == (0, 1_200, len(log.heads))


@pytest.mark.parametrize("lie", ["tile/0/001", "tile/entries/001"])
def test_a_lie_in_one_slice_hides_behind_no_lack_in_the_next(watch, lie):
    log = GrowingLog().run(300).run(700).publish(watch.files)
    path = watch.files / lie
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    (watch.files / "tile/entries/002").unlink()

    code, said = watch.once()

    assert len(log.leaves) == 1_000
    assert (code, said["refused"]) == (1, "tile_differs")

"""Files that survive a power cut, one or many at once."""

import errno
import os

import pytest

from apps.anchoring.clients import files
from apps.anchoring.clients.files import create_files, replace_file
from apps.anchoring.clients.public_files import PublicFiles
from apps.core.errors import IntegrityBreach
from apps.core.tiles import Tile

CONTENT = {f"{number:02}": os.urandom(1_000 * number) for number in range(40)}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=["few", "many"])
def at_once(request, monkeypatch):
    monkeypatch.setattr(files, "MANY", 1 if request.param == "many" else 1_000)


@pytest.fixture
def steps(monkeypatch):
    """What the file system is asked for, in order."""
    seen = []

    def noted(name):
        call = getattr(os, name)

        def wrapped(*args, **kwargs):
            seen.append(name)
            return call(*args, **kwargs)

        return wrapped

    for name in ("write", "fsync", "link"):
        monkeypatch.setattr(os, name, noted(name))
    return seen


def test_no_file_has_its_name_before_all_are_durable(tmp_path, at_once, steps):
    there = create_files({tmp_path / name: data for name, data in CONTENT.items()})

    assert there == []
    assert names(tmp_path) == sorted(CONTENT)
    assert all((tmp_path / name).read_bytes() == CONTENT[name] for name in CONTENT)
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in CONTENT} == {0o644}
    assert steps == ["write"] * 39 + ["fsync"] * 40 + ["link"] * 40


def test_files_that_are_there_stay_and_are_named(tmp_path, at_once):
    (tmp_path / "07").write_bytes(b"older")

    there = create_files({tmp_path / name: data for name, data in CONTENT.items()})

    assert there == [tmp_path / "07"]
    assert (tmp_path / "07").read_bytes() == b"older"
    assert names(tmp_path) == sorted(CONTENT)


@pytest.mark.parametrize("name", ["write", "fsync", "link"])
def test_a_disk_that_fails_leaves_no_half_file(tmp_path, at_once, monkeypatch, name):
    call, seen = getattr(os, name), []

    def failing(*args, **kwargs):
        seen.append(args)
        if len(seen) == 20:
            raise OSError(errno.EIO, "input/output error")
        return call(*args, **kwargs)

    monkeypatch.setattr(os, name, failing)
    with pytest.raises(OSError, match="input/output"):
        create_files({tmp_path / name: data for name, data in CONTENT.items()})

    # Names that were given before stand for whole files; nothing else remains.
    assert names(tmp_path) == (sorted(CONTENT)[:19] if name == "link" else [])


def test_a_write_that_the_disk_takes_in_parts_is_whole(tmp_path, monkeypatch):
    call = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: call(handle, data[:100]))

    replace_file(tmp_path / "one", CONTENT["39"])

    assert (tmp_path / "one").read_bytes() == CONTENT["39"]


def test_the_handles_of_all_files_are_closed(tmp_path, at_once):
    before = len(os.listdir("/proc/self/fd"))
    create_files({tmp_path / name: data for name, data in CONTENT.items()})
    replace_file(tmp_path / "one", b"1")

    assert len(os.listdir("/proc/self/fd")) == before


def test_a_process_clears_what_a_crash_left_of_its_tiles(tmp_path):
    folder = tmp_path / "tile/0"
    folder.mkdir(parents=True)
    (folder / ".new-crashed").write_bytes(b"half")

    PublicFiles(tmp_path).write_tiles({Tile(0, 0): bytes(8192)})

    assert names(folder) == ["000"]


def test_a_tile_that_is_there_otherwise_is_named(tmp_path):
    shelf = PublicFiles(tmp_path)
    shelf.write_tiles({Tile(0, 0): bytes(8192)})
    shelf.write_tiles({Tile(0, 0): bytes(8192), Tile(0, 1): bytes(8192)})

    with pytest.raises(IntegrityBreach) as refusal:
        shelf.write_tiles({Tile(0, 1): b"\1" * 8192})

    assert (refusal.value.code, refusal.value.field) == ("tile_differs", "tile/0/001")

"""Archives: one file inside, under limits, never an archive in an archive."""

import gzip
import io
import zipfile

import pytest

from apps.core.errors import MalformedInput
from apps.custody.models import StagedChunk, Staging
from apps.intake.formats import packed
from apps.intake.formats.rows import Row
from tests.intake.files import read, xlsx
from tests.intake.world import serials


def _gzip(data):
    return gzip.compress(data, mtime=0)  # the same test in every process


def _zip(parts, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def _encrypted(data):
    """The same zip whose directory says that its one file is encrypted."""
    at = data.index(b"PK\x01\x02") + 8
    return data[:at] + b"\x01\x00" + data[at + 2 :]


@pytest.mark.parametrize(
    "content",
    [
        _gzip(b"A1\nB2\n"),
        _gzip(b"A1\n") + _gzip(b"B2\n"),
        _zip({"lot/serials.csv": "A1\nB2\n"}),
        _zip({"lot/": "", "x.csv": "A1\nB2\n"}, zipfile.ZIP_STORED),
    ],
)
def test_a_packed_file_is_read_like_a_plain_one(tmp_path, content):
    assert read(content, tmp_path) == [Row(1, ("A1",)), Row(2, ("B2",))]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def _begins_before_itself(archive: bytes) -> bytes:
    """The zip says that its directory stands farther on than it does."""
    return archive[:-6] + (1 << 20).to_bytes(4, "little") + archive[-2:]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_zip({"a.zip": _zip({"a.csv": "A1"})}), "archive_nested"),
        (_zip({"a.zip": _zip({})}), "archive_nested"),
        (_zip({"a.csv.gz": _gzip(b"A1")}), "archive_nested"),
        (_zip({"a.xlsx": xlsx([["A1"]])}), "archive_nested"),
        (_gzip(_gzip(b"A1")), "archive_nested"),
        (_gzip(_zip({"a.csv": "A1"})), "archive_nested"),
        (_zip({"a.csv": "A1", "b.csv": "B2"}), "several_files"),
        (_zip({}), "several_files"),
        (_zip({"folder/": ""}), "several_files"),
        (_zip({"a.csv": "A1" * 99}, zipfile.ZIP_LZMA), "archive_damaged"),
        (_encrypted(_zip({"a.csv": "A1"})), "archive_damaged"),
        (_gzip(b"A1\n" * 99)[:-9], "archive_damaged"),
        (_gzip(b"A1\n")[:-4] + b"\0\0\0\0", "archive_damaged"),
        (b"\x1f\x8b\x08", "archive_damaged"),
        (_begins_before_itself(_zip({"a.csv": "A1"})), "archive_damaged"),
        (
            _zip({"a.csv": "A1"}, zipfile.ZIP_STORED).replace(b"A1", b"B2"),
            "archive_damaged",
        ),
    ],
)
def test_an_archive_that_is_not_one_file_is_refused(tmp_path, content, code):
    with pytest.raises(MalformedInput) as caught:
        read(content, tmp_path)

    assert (caught.value.code, caught.value.field) == (code, "file")
    assert caught.value.wanted
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("pack", [_gzip, lambda data: _zip({"a.csv": data})])
def test_a_bomb_is_left_at_the_limit(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(packed, "MAX_UNPACKED_BYTES", 1_000_000)
    bomb = pack(b"A1\n" * 2_000_000)
    calls = []

    with pytest.raises(MalformedInput) as caught:
        read(bomb, tmp_path, lambda: calls.append(1))

    assert caught.value.code == "inflates_too_far"
    assert caught.value.got == "more than 1000000 bytes unpacked"
    assert len(calls) == 3  # pieces of 256 KiB that were still within
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_packed_upload_is_staged(world):
    upload = world.check(_gzip(serials(30)))

    assert (upload.state, upload.rows_done) == ("staged", 30)
    assert StagedChunk.objects.get().serials.count("\n") == 29


def test_a_zip_of_zips_is_refused_with_its_reason(world):
    upload = world.check(_zip({"a.zip": _zip({"a.csv": serials(3)})}))

    assert upload.state == "refused"
    assert world.errors(upload) == [(0, "archive_nested", "file")]
    assert not Staging.objects.exists()
    assert list(world.folder.iterdir()) == []

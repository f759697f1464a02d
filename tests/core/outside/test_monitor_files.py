"""Files that are wrong, cut short or too long; and any changed byte."""

import random
from contextlib import contextmanager

import pytest

from tests.core.outside.public_log import GrowingLog, files_of, serving_files
from tests.core.outside.public_log import write as write_file


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "name",
    [
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ],
)
def test_a_wrong_byte_in_any_file_is_named(watch, name):
    GrowingLog().run(300).publish(watch.files)
    flip(watch.files / name, 20)

    code, said = watch.once()

    assert (code, said["refused"]) == (1, "tile_differs")
    assert "tile/" in said["detail"]


def test_entries_and_tiles_that_agree_but_were_not_signed(watch):
    GrowingLog(seed=1).run(20).publish(watch.files)
    note = (watch.files / "checkpoint").read_bytes()
    GrowingLog(seed=2).run(20).publish(watch.files)
    write_file(watch.files, "checkpoint", note)

    assert watch.refused() == "root_mismatch"


def test_tiles_that_lead_to_no_signed_root_are_no_fork(watch):
    log = GrowingLog().run(20).publish(watch.files)
    watch.once()
    log.run(300).publish(watch.files)
    flip(watch.files / "tile/1/000.p/1", 5)

    assert watch.refused() == "root_mismatch"


def test_entries_judged_before_that_are_served_otherwise(watch):
    log = GrowingLog().run(20).publish(watch.files)
    watch.once()
    log.run(20).publish(watch.files)
    flip(watch.files / "tile/entries/000.p/40", 20)

    assert watch.refused() == "entry_differs"


@pytest.mark.parametrize("keep", [0, 1, 115, 116, 44 * 116 - 1])
def test_a_bundle_cut_short(watch, keep):
    GrowingLog().run(300).publish(watch.files)
    path = watch.files / "tile/entries/001.p/44"
    path.write_bytes(path.read_bytes()[:keep])

    assert watch.refused() == "bundle_truncated"


def test_a_tile_cut_short(watch):
    GrowingLog().run(300).publish(watch.files)
    path = watch.files / "tile/0/000"
    path.write_bytes(path.read_bytes()[:-32])

    assert watch.refused() == "tile_truncated"


def test_an_entry_of_another_length(watch):
    GrowingLog().run(9).publish(watch.files)
    flip(watch.files / "tile/entries/000.p/9", 1 + 116)

    assert watch.refused() == "bad_bundle"


@pytest.mark.parametrize(
    "name", ["checkpoint", "tile/0/000.p/9", "tile/entries/000.p/9"]
)
def test_an_answer_that_is_too_long_is_not_read(watch, name):
    GrowingLog().run(9).publish(watch.files)
    with (watch.files / name).open("ab") as file:
        file.truncate(1_100_000)

    assert watch.refused() == "too_large"


def test_what_is_no_checkpoint_is_refused(watch):
    write_file(watch.files, "checkpoint", b"<html>Log in to the hotel</html>")

    assert watch.refused() == "bad_note"


# Any byte


@contextmanager
def tampered(folder, name, at):
    data = (folder / name).read_bytes()
    flip(folder / name, at)
    try:
        yield
    finally:
        (folder / name).write_bytes(data)


@pytest.mark.parametrize("grown_from", [0, 200, 300])
def test_no_changed_byte_passes(watch, grown_from):
    chance = random.Random(grown_from)
    log = GrowingLog(tags=5)
    if grown_from:
        log.run(grown_from).publish(watch.files)
        assert watch.once()[0] == 0
    log.run(330 - grown_from).publish(watch.files)
    kept = watch.state.read_bytes() if grown_from else None
    # Full tiles of before are not fetched again: what was judged stays judged.
    names = [
        name
        for name in [*files_of(log.entries), "checkpoint"]
        if not (grown_from >= 256 and name.endswith("/000") and "/1/" not in name)
    ]

    for _ in range(40):
        name = chance.choice(names)
        at = chance.randrange((watch.files / name).stat().st_size)
        watch.state.unlink(missing_ok=True)
        if kept:
            watch.state.write_bytes(kept)
        with tampered(watch.files, name, at):
            code, said = watch.once()
        assert code in (1, 2), (name, at, said)

    watch.state.unlink()
    assert watch.once()[0] == 0


def test_another_server_of_the_same_files_goes_on(watch):
    log = GrowingLog().run(9).publish(watch.files)
    watch.once()
    log.run(9).publish(watch.files)

    with serving_files(watch.files) as url:
        assert watch.once(url=url)[1]["new_leaves"] == 9

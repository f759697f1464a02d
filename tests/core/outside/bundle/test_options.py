"""The options that only a bundle has, well given and not."""

import csv
import io
from collections import Counter

import pytest

from apps.core.encoding import format_time_ms
from apps.core.outside import verify as command
from tests.core.bundle.saying import GTIN
from tests.core.outside.bundle.endings import OK, UNREADABLE, is_step, note_of
from tests.core.outside.small_ledger import TAG_KEY, fixed


def test_units_are_written_one_a_line(verify, room, history):
    assert verify("--units", str(room / "units.csv")) == OK

    text = (room / "units.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    places = Counter((row["holder"], row["site"], row["status"]) for row in rows)
    assert places == history.places(history.tag("A1"))
    assert [row["serial"] for row in rows] == history.serials[history.tag("A1").hex()]
    assert {(row["gtin"], row["lot"]) for row in rows} == {(GTIN, "A1")}
    assert {row["recalled"] for row in rows} | {row["on_hold"] for row in rows} <= {
        "yes",
        "no",
    }


def test_units_of_a_refused_bundle_are_not_written(refusal, room):
    refusal("--units", str(room / "units.csv"), genesis="0" * 64)

    assert not (room / "units.csv").exists()


def test_units_that_cannot_be_written_are_no_refusal(refusal, room):
    said = refusal("--units", str(room), code=UNREADABLE)

    assert said.startswith("cannot read or write: ")


@pytest.mark.parametrize(
    "form", [TAG_KEY, TAG_KEY.hex().encode(), TAG_KEY.hex().encode() + b"\n"]
)
def test_the_tag_key_may_be_bytes_or_hex(verify, room, form, capsys):
    (room / "key").write_bytes(form)

    assert verify() == OK
    without = capsys.readouterr().out
    assert verify("--tag-key", str(room / "key")) == OK

    assert capsys.readouterr().out != without


def test_another_tag_key_makes_other_chains(refusal, room):
    (room / "key").write_bytes(fixed("another tag key"))

    assert is_step(refusal("--tag-key", str(room / "key")), 6)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 31,
        b"\xff" * 33,
        b"5a" * 31,
        b"zz" * 32,
        TAG_KEY.hex().upper().encode(),
        TAG_KEY.hex().encode() + b"00",
    ],
)
def test_what_is_no_tag_key_is_refused_and_not_shown(refusal, room, content):
    (room / "key").write_bytes(content)

    said = refusal("--tag-key", str(room / "key"))

    assert is_step(said, 1, "--tag-key: bad tag key")
    assert f"got {len(content)} bytes" in said
    assert not content or content.decode("latin-1") not in said


@pytest.mark.parametrize("option", ["--tag-key", "--checkpoint"])
def test_an_option_whose_file_is_missing_ends_with_2(refusal, room, option):
    said = refusal(option, str(room / "none"), code=UNREADABLE)

    assert "none" in said


def test_a_checkpoint_of_the_same_size_is_compared(verify, room, history, capsys):
    (room / "mine").write_bytes(note_of(history))

    assert verify("--checkpoint", str(room / "mine")) == OK
    assert "the checkpoint given is the same" in capsys.readouterr().out


def test_a_bundle_older_than_the_checkpoint_that_one_has(refusal, room, history):
    newer = note_of(history, size=history.ledger.tree.size + 1)
    (room / "mine").write_bytes(newer)

    said = refusal("--checkpoint", str(room / "mine"))

    assert is_step(said, 3, "older checkpoint")


def test_a_checkpoint_of_another_tree_is_a_fork(refusal, room, history):
    (room / "mine").write_bytes(note_of(history, root=bytes(32)))

    said = refusal("--checkpoint", str(room / "mine"))

    assert is_step(said, 3, "log forked")


@pytest.mark.parametrize("content", [b"nothing", b"\n\n", b"\xff"])
def test_what_is_no_checkpoint_is_refused(refusal, room, content):
    (room / "mine").write_bytes(content)

    assert is_step(refusal("--checkpoint", str(room / "mine")), 3)


def test_a_head_can_be_demanded_of_a_day(verify, refusal, history, capsys):
    time_ms = history.ledger.leaves[-1].time_ms

    assert verify("--not-before", format_time_ms(time_ms)) == OK
    assert "every unit once" in capsys.readouterr().out
    said = refusal("--not-before", format_time_ms(time_ms + 1))

    assert is_step(said, 3, "older checkpoint")


@pytest.mark.parametrize(
    "moment", ["yesterday", "2026-01-01", "2026-13-01T00:00:00.000Z"]
)
def test_a_moment_that_is_none_is_refused(refusal, moment):
    said = refusal("--not-before", moment)

    assert is_step(said, 1)
    assert "--not-before" in said


def test_the_options_are_told(capsys):
    with pytest.raises(SystemExit) as ended:
        command.run(["--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    for option in ("--checkpoint", "--not-before", "--tag-key", "--units"):
        assert option in said


@pytest.mark.parametrize("wrong", [["--unit"], ["--frob"], []])
def test_a_command_that_cannot_be_read_ends_with_2(wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        command.run(wrong)

    assert ended.value.code == UNREADABLE
    assert "usage: pharmatrace-verify" in capsys.readouterr().err

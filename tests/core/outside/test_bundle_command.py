"""`pharmatrace-verify bundle.zip`: its options, its exit codes, and what it says."""

import csv
import io
import sys
from collections import Counter
from types import SimpleNamespace

import pytest

from apps.core.bundle.zipform import MANIFEST
from apps.core.checkpoint import Checkpoint, sign_checkpoint
from apps.core.encoding import format_time_ms
from apps.core.notekey import SignatureType, SignerKey
from apps.core.outside import bundle as part
from apps.core.outside import verify as command
from tests.core.bundle.acts import random_history
from tests.core.bundle.planning import bundle_of
from tests.core.bundle.saying import GTIN, NOVAMED, STELLA
from tests.core.outside.small_ledger import (
    AT,
    LOG,
    ORIGIN,
    POLICY,
    TAG_KEY,
    WITNESS,
    fixed,
)

OK, REFUSED, UNREADABLE = 0, 1, 2


@pytest.fixture(scope="module")
def history():
    return random_history(56, steps=30)


@pytest.fixture(scope="module")
def data(history):
    return bundle_of(history, "A1")


@pytest.fixture
def room(tmp_path, data):
    (tmp_path / "bundle.zip").write_bytes(data)
    (tmp_path / "policy").write_bytes(POLICY)
    return tmp_path


@pytest.fixture
def verify(room, history):
    """The command over files of the room; exit code."""

    def verify(*more, files=("bundle.zip",), policy="policy", genesis=history.genesis):
        names = [name if name == "-" else str(room / name) for name in files]
        ids = ["--genesis", genesis] if genesis else []
        return command.run([*names, "--policy", str(room / policy), *ids, *more])

    return verify


def is_step(said, step, words=""):
    """Whether the run failed at this step, and with these words."""
    return said.startswith(f"step {step} failed: ") and words in said


@pytest.fixture
def refusal(verify, capsys):
    """What a refused run says on standard error, having said nothing of lots."""

    def refusal(*more, code=REFUSED, **changes):
        assert verify(*more, **changes) == code
        said = capsys.readouterr()
        assert "every unit once" not in said.out
        return said.err

    return refusal


def note_of(history, *, size=None, root=None, signers=(LOG, WITNESS)):
    tree = history.ledger.tree
    head = Checkpoint(ORIGIN, size or tree.size, root or tree.root())
    return sign_checkpoint(head, signers, time_seconds=AT // 1_000).format()


# --- what holds -------------------------------------------------------------------


def test_a_bundle_is_judged_from_its_file(verify, history, capsys):
    assert verify() == OK

    said = capsys.readouterr().out
    steps = {int(line[:2]) for line in said.splitlines() if line[2:3] == "."}
    assert steps == set(range(1, 14))
    count = sum(history.places(history.tag("A1")).values())
    assert f"Lot A1 of {GTIN}, expiry 2028-02-29: {count:,} unit(s)" in said
    assert f"{count:>12,}  in all: every unit once" in said
    assert "Signed by " in said
    assert f"As of size {history.ledger.tree.size}, " in said
    assert said.rstrip().endswith(command.LIMITS)


def test_the_places_that_are_printed_sum_to_the_lot(verify, history, capsys):
    verify()

    lines = capsys.readouterr().out.splitlines()
    found = Counter()
    for line in lines:
        number, *words = line.split()
        if line.startswith("  ") and "site" in words and "statement(s)" not in line:
            status = line[16:36].strip()
            found[status] += int(number.replace(",", ""))
    wanted = Counter()
    for (_, _, status), count in history.places(history.tag("A1")).items():
        wanted[status] += count
    assert found == wanted


def test_standard_input_will_do(verify, data, monkeypatch, capsys):
    stdin = SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(data)))
    monkeypatch.setattr(sys, "stdin", stdin)

    assert verify(files=("-",)) == OK
    assert "every unit once" in capsys.readouterr().out


def test_standard_input_that_cannot_be_looked_into_is_no_bundle(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"PK\3\4")))

    assert part.is_bundle("-") is False


@pytest.mark.parametrize(
    ("content", "is_one"), [(b"PK\3\4", True), (b"P", False), (b"", False)]
)
def test_a_bundle_is_told_by_its_first_bytes(tmp_path, content, is_one):
    (tmp_path / "file").write_bytes(content)

    assert part.is_bundle(str(tmp_path / "file")) is is_one
    assert part.is_bundle(str(tmp_path)) is False
    assert part.is_bundle(str(tmp_path / "none")) is False


def test_a_redacted_bundle_shows_links_and_no_places(verify, room, history, capsys):
    data = bundle_of(history, "A1", form="redacted", reader=STELLA)
    (room / "bundle.zip").write_bytes(data)

    assert verify() == OK

    said = capsys.readouterr().out
    assert "every unit once" not in said
    assert "a manufacturer in DE" in said
    assert "  A1  event           a manufacturer in DE\n" not in said  # a goods leaf
    assert "  A1  goods           a manufacturer in DE\n" in said


# --- options ----------------------------------------------------------------------


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


# --- what is refused --------------------------------------------------------------


def test_a_bundle_needs_the_id_that_all_begins_with(refusal):
    said = refusal(genesis="")

    assert is_step(said, 2, "no genesis")
    assert "--genesis ID" in said


@pytest.mark.parametrize("genesis", ["0" * 64, "genesis"])
def test_another_genesis(refusal, genesis):
    assert is_step(refusal(genesis=genesis), 2, "wrong genesis")


def test_a_bundle_stands_alone(refusal, room):
    (room / "receipt").write_bytes(b"{}")

    said = refusal(files=("bundle.zip", "receipt"))

    assert is_step(said, 1, "bundle alone")


def test_a_policy_that_is_missing(refusal):
    assert is_step(refusal(policy="none"), 1, "unreadable")


def test_a_policy_that_is_none(refusal, room):
    (room / "policy").write_bytes(b"log\n")

    assert is_step(refusal(), 1)


def test_a_policy_of_another_log(refusal, room):
    other = SignerKey.generate(ORIGIN, SignatureType.ED25519).verifier.format()
    policy = POLICY.replace(LOG.verifier.format().encode(), other.encode())
    assert policy != POLICY
    (room / "policy").write_bytes(policy)

    assert is_step(refusal(), 2)


def test_a_policy_whose_witnesses_did_not_see_it(refusal, room, history):
    history.ledger.note, kept = note_of(history, signers=(LOG,)), history.ledger.note
    try:
        (room / "bundle.zip").write_bytes(bundle_of(history, "A1"))
    finally:
        history.ledger.note = kept

    assert is_step(refusal(), 2, "no quorum")


def test_a_zip_that_is_no_bundle(refusal, room):
    (room / "bundle.zip").write_bytes(b"PK\3\4" + bytes(100))

    said = refusal()

    assert is_step(said, 1, "bad zip")
    assert MANIFEST in said


def test_a_file_that_goes_away_ends_with_2(refusal, room, monkeypatch):
    monkeypatch.setattr(command, "is_bundle", lambda name: True)

    assert refusal(files=("none",), code=UNREADABLE).startswith("cannot read or write")


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


def test_names_are_printed_with_their_glns(verify, capsys):
    verify()

    (line,) = [
        each
        for each in capsys.readouterr().out.splitlines()
        if each.startswith(f"  {NOVAMED} ") and "statement(s)" in each
    ]
    assert line.endswith(f"Party {NOVAMED[3:7]}")

"""What `pharmatrace-verify bundle.zip` says of a bundle that holds."""

import io
import sys
from collections import Counter
from types import SimpleNamespace

import pytest

from apps.core.outside import bundle as part
from apps.core.outside import verify as command
from tests.core.bundle.planning import bundle_of
from tests.core.bundle.saying import GTIN, NOVAMED, STELLA
from tests.core.outside.bundle.endings import OK


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


def test_names_are_printed_with_their_glns(verify, capsys):
    verify()

    (line,) = [
        each
        for each in capsys.readouterr().out.splitlines()
        if each.startswith(f"  {NOVAMED} ") and "statement(s)" in each
    ]
    assert line.endswith(f"Party {NOVAMED[3:7]}")

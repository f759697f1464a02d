"""The bench itself runs and prints every figure beside its floor or its goal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import embedded

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
_OURS = ("DATABASE_URL", "PHARMATRACE_TEST_VAR", "DJANGO_SETTINGS_MODULE")


def _run(module: str, *arguments: str) -> str:
    """What a bench prints, run with a database of its own."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in _OURS},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,  # a test ends at 300; a busy machine takes its time
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


@pytest.fixture
def needs_postgresql() -> None:
    if embedded.find_postgresql() is None:
        pytest.skip("NO POSTGRESQL ON THIS MACHINE: the bench is not tried")


@pytest.mark.usefixtures("needs_postgresql")
def test_the_bench_prints_every_figure_beside_its_floor(tmp_path: Path) -> None:
    told = _run("tests.bench", "--smoke", "--json", str(tmp_path / "b.json"))

    rows = json.loads((tmp_path / "b.json").read_text())
    assert len(rows) == 22
    assert all(row["median"] > 0 and row["floor_median"] > 0 for row in rows)
    assert told.count("\n") >= 20


def test_a_draft_of_more_wishes_asks_no_more() -> None:
    told = _run(
        "tests.bench.drafting",
        *["--sqlite", "--rounds", "1", "--wishes", "2", "--wishes", "6"],
    )

    asked = [line.split("|")[-2].strip() for line in told.splitlines()[2:]]
    assert len(asked) == 4
    assert asked[:2] == asked[2:]


@pytest.mark.usefixtures("needs_postgresql")
def test_a_bundle_is_built_and_checked_and_both_stand_beside_their_goals() -> None:
    told = _run(
        "tests.bench.bundles", *["--serials", "300", "--holders", "3", "--rounds", "1"]
    )

    assert "7 events" in told  # begun once, sent and received three times
    assert "bytes per event" in told
    assert "(goal: 10 s)" in told
    assert "(goal: 30 s)" in told
    assert "(goal: 1.5 GB)" in told


def _verify_goals(told: str, first: str) -> None:
    goals = [line for line in told.splitlines() if "(to be at " in line]
    assert [goal.split()[0] for goal in goals] == [first, "G2", "G3", "G5", "memory"]
    assert all(goal.rpartition(": ")[2] in {"kept", "MISSED"} for goal in goals)


# The yardstick runs what these print; `make faults` tries the commands themselves.
if os.environ.get("FAULTS") == "all":

    @pytest.mark.usefixtures("needs_postgresql")
    def test_the_bench_of_servers_has_every_view_answered() -> None:
        told = _run("tests.bench.servers", "--smoke")

        rows = [
            line.split("|") for line in told.splitlines() if line.startswith("| guni")
        ]
        assert [row[2].strip() for row in rows] == ["bare", "null", "verify", "upload"]
        assert all(float(row[3].replace(",", "")) > 0 for row in rows)
        assert [row[-2].strip() for row in rows] == ["0"] * 4  # nothing failed
        assert "G7" in told
        assert "G8" in told

    @pytest.mark.usefixtures("needs_postgresql")
    def test_the_bench_of_an_upload_prints_phases_and_goals() -> None:
        told = _run("tests.bench.uploading", "--smoke")

        assert told.startswith("3,000 serials, 1 rounds, postgresql")
        _verify_goals(told, "G1")

    @pytest.mark.usefixtures("needs_postgresql")
    def test_the_bench_of_a_packaging_line_prints_every_phase() -> None:
        told = _run("tests.bench.lining", "--smoke")

        rows = [line for line in told.splitlines() if line.startswith("| ")]
        assert len(rows) == 1 + 6 + 3
        assert rows[-1].startswith("| labels, pdf, ")

    def test_the_bench_of_an_upload_on_sqlite() -> None:
        told = _run("tests.bench.uploading", "--smoke", "--sqlite")

        assert told.startswith("3,000 serials, 1 rounds, sqlite")
        _verify_goals(told, "G21")

    @pytest.mark.usefixtures("needs_postgresql")
    def test_the_bench_of_appending_prints_every_figure_beside_its_floor() -> None:
        told = _run("tests.bench.appending", "--smoke")

        assert told.count("hash-chain append function") == 4
        assert "statements appended in one lot, 2 clients" in told
        assert "the same statements one by one" in told

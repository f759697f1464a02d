"""The bench itself runs and prints every figure beside its floor."""

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
        [sys.executable, "-m", module, "--smoke", *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in _OURS},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


def test_the_bench_prints_every_figure_beside_its_floor(tmp_path: Path) -> None:
    if embedded.find_postgresql() is None:
        pytest.skip("NO POSTGRESQL ON THIS MACHINE: the bench is not tried")

    told = _run("tests.bench", "--json", str(tmp_path / "b.json"))

    rows = json.loads((tmp_path / "b.json").read_text())
    assert len(rows) == 18
    assert all(row["median"] > 0 and row["floor_median"] > 0 for row in rows)
    assert told.count("\n") >= 19


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_the_bench_of_an_upload_prints_phases_and_goals(database: str) -> None:
    if database == "postgresql" and embedded.find_postgresql() is None:
        pytest.skip("NO POSTGRESQL ON THIS MACHINE: the bench is not tried")

    told = _run("tests.bench.uploading", *(["--sqlite"] * (database == "sqlite")))

    goals = [line for line in told.splitlines() if "(to be at " in line]
    assert told.startswith(f"3,000 serials, 1 rounds, {database}")
    assert [goal.split()[0] for goal in goals] == [
        "G1" if database == "postgresql" else "G21", "G2", "G3", "G5", "memory",
    ]  # fmt: skip
    assert all(goal.rpartition(": ")[2] in {"kept", "MISSED"} for goal in goals)

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


def _run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A part of the bench in a process of its own, on a database of its own."""
    if embedded.find_postgresql() is None:
        pytest.skip("NO POSTGRESQL ON THIS MACHINE: the bench is not tried")
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in _OURS},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_the_bench_prints_every_figure_beside_its_floor(tmp_path: Path) -> None:
    done = _run("tests.bench", "--smoke", "--json", str(tmp_path / "b.json"))

    assert done.returncode == 0, done.stderr[-2_000:]
    rows = json.loads((tmp_path / "b.json").read_text())
    assert len(rows) == 19
    assert all(row["median"] > 0 and row["floor_median"] > 0 for row in rows)
    assert done.stdout.count("\n") >= 20


def test_a_bundle_is_built_and_checked_and_both_stand_beside_their_goals() -> None:
    done = _run(
        "tests.bench.bundles", *["--serials", "300", "--holders", "3", "--rounds", "1"]
    )

    assert done.returncode == 0, done.stderr[-2_000:]
    said = done.stdout
    assert "7 events" in said  # begun once, sent and received three times
    assert "bytes per event" in said
    assert "(goal: 10 s)" in said
    assert "(goal: 30 s)" in said
    assert "(goal: 1.5 GB)" in said

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


def test_the_bench_prints_every_figure_beside_its_floor(tmp_path: Path) -> None:
    if embedded.find_postgresql() is None:
        pytest.skip("NO POSTGRESQL ON THIS MACHINE: the bench is not tried")
    environment = {k: v for k, v in os.environ.items() if k not in _OURS}

    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--smoke", "--json", tmp_path / "b.json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )

    assert done.returncode == 0, done.stderr[-2_000:]
    rows = json.loads((tmp_path / "b.json").read_text())
    assert len(rows) == 19
    assert all(row["median"] > 0 and row["floor_median"] > 0 for row in rows)
    assert done.stdout.count("\n") >= 20

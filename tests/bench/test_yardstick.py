"""The yardstick runs: every goal has a line, and the network is a true one."""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import embedded
from tests.bench.yardstick.reading import Goal, NotRun, Reading, as_table
from tests.bench.yardstick.registry import MEASURES, NUMBERS, chosen

ROOT = Path(__file__).resolve().parents[2]
_OURS = ("DATABASE_URL", "PHARMATRACE_TEST_VAR", "DJANGO_SETTINGS_MODULE")


def _run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in _OURS},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the server may enter, who is nobody where we are root."""
    if embedded.find_postgresql() is None:
        pytest.skip("NO POSTGRESQL ON THIS MACHINE: the yardstick is not tried")
    with tempfile.TemporaryDirectory(prefix="pt-bench-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.slow
def test_every_goal_is_measured_on_a_copy_of_a_small_network(home: Path) -> None:
    folder, page = str(home / "net"), home / "2k.json"
    built = _run("tests.bench.network", "--size", "2k", "--folder", folder)
    assert built.returncode == 0, built.stderr[-2_000:]
    arguments = ["--size", "2k", "--smoke", "--rounds", "1", "--folder", folder]

    done = _run("tests.bench.yardstick", *arguments, "--json", str(page))

    assert done.returncode == 0, done.stderr[-2_000:]
    readings = json.loads(page.read_text())["readings"]
    assert {each["number"] for each in readings} == set(NUMBERS)
    # Between two checkpoints a page's image may be written for no transfer at all.
    measured = [each for each in readings if "median" in each]
    nothing = {each["what"] for each in measured if not each["median"] > 0}
    assert all("images" in what for what in nothing)
    assert "FAILED" not in done.stdout
    assert "lot 3 of 3" in built.stdout
    assert "lot 1 of 3" not in done.stdout  # nothing is built twice


def test_a_goal_is_judged_by_the_ratio_of_medians_or_by_the_value_itself() -> None:
    fast = Reading("G1", "a", "rows/s", [1, 9, 2], "b", [8, 4, 2], Goal(least=0.5))
    slow = Reading("G2", "a", "ms", [1, 9, 2], "b", [8, 4, 2], Goal(most=0.25))
    alone = Reading("G19", "a", "B", [150.0], goal=Goal(most=200, of="value"))
    large = Reading("G13", "a", "B", [300], "b", [1], Goal(most=200, of="value"))

    assert [fast.verdict, slow.verdict] == ["met", "missed"]
    assert [alone.verdict, large.verdict] == ["met", "missed"]
    assert fast.as_json()["ratio"] == 0.5
    assert (fast.as_json()["ratio_least"], fast.as_json()["ratio_most"]) == (
        0.125,
        2.25,
    )


def test_the_table_says_what_was_missed_and_what_was_not_run() -> None:
    rows = [
        NotRun("G18", "beside another", "a foreign peer"),
        Reading("G2", "a file", "ms", [3.0, 5.0], "a floor", [1.0, 1.0], Goal(most=2)),
    ]

    lines = as_table(rows).splitlines()

    assert lines[2].startswith("| G2 | a file | 4 (3–5) | ms | a floor | 1 | 4 (3–5) |")
    assert lines[2].endswith("| ≤ 2 | missed |")
    assert lines[3].endswith("| not run here: a foreign peer |")


def test_every_goal_has_a_measure_and_can_be_asked_for_alone() -> None:
    named = {number for measure in MEASURES for number in measure.numbers}

    assert named == set(NUMBERS)
    assert [m.place.rpartition(".")[2] for m in chosen(["G9"])] == ["recall_flat"]
    assert all(callable(measure.function) for measure in chosen([]))


def test_a_network_is_the_same_for_the_same_seed() -> None:
    from tests.bench.network.shape import drawn, serials, swapped

    one, other = (serials(drawn("1", "lot", 0), 500) for _ in range(2))

    assert one == other != serials(drawn("2", "lot", 0), 500)
    assert len(set(one)) == 500
    order = swapped(random.Random(1), 10_000)
    assert sorted(order) == list(range(10_000))
    assert 90 <= sum(n != at for at, n in enumerate(order)) <= 100

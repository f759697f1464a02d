"""SQLite, as `make run` has it: a child process with a database of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.yardstick.ground import Ground
from tests.bench.yardstick.reading import Goal, Reading, Row

_OURS = ("DATABASE_URL", "PHARMATRACE_TEST_VAR", "DJANGO_SETTINGS_MODULE")
_ROOT = Path(__file__).resolve().parents[3]


def sqlite(ground: Ground) -> list[Row]:
    """G21, and G19 for SQLite: upload, a pack's place, bytes a pack."""
    command = [sys.executable, "-m", "tests.bench.yardstick.small"]
    numbers = [str(ground.few(200_000, 2_000)), str(ground.rounds)]
    shape = "384" if ground.is_smoke else "20k"
    done = subprocess.run(
        [*command, *numbers, shape],
        cwd=_ROOT,
        env={k: v for k, v in os.environ.items() if k not in _OURS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    taken = json.loads(done.stdout.splitlines()[-1])
    size = f"{int(numbers[0]):,} rows"
    return [
        Reading(
            *("G21", "SQLite: file to batch", "rows/s", taken["upload"]),
            *("executemany, sorted, one unique index", taken["raw"]),
            *(Goal(least=0.25), size),
        ),
        Reading(
            *("G21", "SQLite: where a pack is, p50", "ms", taken["scan"]),
            *("one indexed SELECT, sqlite3", taken["select"]),
            Goal(most=0.15, of="value"),
        ),
        Reading(
            *("G19", "disk: registry and custody, SQLite", "B a pack"),
            taken["disk"],
            goal=Goal(most=80, of="value"),
            note=f"a network of {shape} packs",
        ),
    ]


def main() -> None:
    """Measure in this process, which has no other database; say it as JSON."""
    size, rounds, shape = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory(prefix="pt-yard-") as var:
        os.environ.pop("DATABASE_URL", None)
        os.environ["PHARMATRACE_TEST_VAR"] = f"{var}/site"
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        django.setup()
        from tests.bench.yardstick.on_sqlite import measure

        print(json.dumps(measure(Path(var), size=size, rounds=rounds, shape=shape)))


if __name__ == "__main__":
    main()

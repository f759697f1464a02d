"""A recall's bundle of a large lot: built by the site, checked by an outsider.

    python -m tests.bench.bundles [--serials 1000000] [--holders 5000] [--rounds 3]

One lot is packed in as many cases as there are holders; each case is despatched and
received, so the lot has two signed events a holder, and a packing besides. The bundle
is built by the site's own job once to warm the data, and then measured;
`pharmatrace-verify` checks it in a process of its own. Figures stand beside their
goals and are judged by whoever reads them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.fresh import fresh_site

if TYPE_CHECKING:
    from apps.recalls.models import Bundle, Recall
    from pharmatrace.demo.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
BUILT_S, CHECKED_S, PEAK_GB = 10, 30, 1.5
_STALE = timedelta(minutes=20)  # a bundle that is fresh is handed out again


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock and of one processor; most memory in bytes, if known."""

    wall_s: float
    cpu_s: float
    peak_bytes: int = 0


def main() -> int:
    """Print the figures beside their goals; 1 where there is nothing to measure on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serials", type=int, default=1_000_000)
    parser.add_argument("--holders", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with fresh_site() as var:
        if var is None:
            return 1
        measure(var, chosen.serials, chosen.holders, chosen.rounds)
    return 0


def measure(var: Path, serials: int, holders: int, rounds: int) -> None:
    """Make the lot and its recall, then build and check, so many times."""
    from pharmatrace.demo.cast import REGULATOR
    from tests.bench.lot import LOT, numbers, spread
    from tests.bench.world import build
    from tests.recalls.calls import open_recall

    stage = build(var).stage
    began = time.perf_counter()
    spread(stage, names=numbers(serials), holders=holders)
    recall = open_recall(stage, LOT, by=REGULATOR)
    _sequence(stage)
    print(f"the world was made in {time.perf_counter() - began:.0f} s", flush=True)
    report(stage, recall, rounds)


def report(stage: Stage, recall: Recall, rounds: int) -> None:
    """Build the recall's bundle and check it, and print what that took."""
    policy = _policy_file()
    cold = _timed(lambda: _built(stage, recall))
    built, checked = [], []
    for _ in range(rounds):
        made: list[Bundle] = []
        built.append(_timed(lambda into=made: into.append(_built(stage, recall))))
        checked.append(_checked(made[0], policy))
    bundle = made[0]
    size, unpacked = bundle.size_bytes, _unpacked(bundle)
    events = _events(recall)
    print(
        f"{events:,} events, {bundle.tree_size:,} leaves in the log;"
        f" {size:,} bytes, {unpacked:,} unpacked: {size / events:,.0f} bytes per event"
    )
    print(_line("built, cold", [cold], f"goal when warm: {BUILT_S} s"))
    print(_line("built, warm", built, f"goal: {BUILT_S} s"))
    print(_line("checked offline", checked, f"goal: {CHECKED_S} s"))
    peak = max(each.peak_bytes for each in checked)
    print(f"most memory of the checker: {peak / 1e9:.2f} GB (goal: {PEAK_GB} GB)")


def _built(stage: Stage, recall: Recall) -> Bundle:
    from apps.recalls import operations
    from apps.recalls.queries.bundles import scope_of_recall
    from pharmatrace.demo.cast import REGULATOR

    scope = scope_of_recall(recall_id=recall.pk, actor=stage.actor(REGULATOR))
    assert scope is not None
    at = stage.tick(_STALE)
    bundle = operations.request_bundle(scope=scope, at=at)
    operations.build_bundle(bundle_id=bundle.pk, clock=lambda: at)
    bundle.refresh_from_db()
    assert bundle.finished_at is not None, "not built"
    assert bundle.fault == "", bundle.fault
    return bundle


def _checked(bundle: Bundle, policy: Path) -> Spent:
    from apps.recalls.queries.bundles import genesis_id, path_of

    command = [sys.executable, "-m", "tests.bench.outsider", path_of(bundle)]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--policy", policy, "--genesis", genesis_id()],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=3_600,
    )
    wall = time.perf_counter() - began
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "in all: every unit once" in done.stdout
    spent = json.loads(done.stderr.splitlines()[-1])
    return Spent(wall, spent["cpu_s"], spent["peak_bytes"])


def _sequence(stage: Stage) -> None:
    from apps.anchoring import operations as anchoring

    while anchoring.sequence(at=stage.tick()):
        continue


def _policy_file() -> Path:
    from django.conf import settings

    from apps.anchoring import queries as log

    policy = log.read_policy()
    assert policy is not None
    path = Path(settings.VAR_DIR) / "policy"
    path.write_bytes(policy)
    return path


def _events(recall: Recall) -> int:
    from apps.custody.models import EventLine
    from apps.recalls.queries.recalls import units_of

    batches = [each.batch for each in units_of(recall)]
    lines = EventLine.objects.filter(batch__in=batches)
    return lines.values("event_id").distinct().count()


def _unpacked(bundle: Bundle) -> int:
    import zipfile

    from apps.recalls.queries.bundles import path_of

    with zipfile.ZipFile(path_of(bundle)) as archive:
        return sum(each.file_size for each in archive.infolist())


def _timed(work: Callable[[], object]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def _line(name: str, spent: list[Spent], goal: str) -> str:
    wall, cpu = (median(getattr(s, n) for s in spent) for n in ("wall_s", "cpu_s"))
    rounds = f", {len(spent)} rounds" if len(spent) > 1 else ""
    return f"{name}: {wall:.1f} s, {cpu:.1f} s of one processor ({goal}){rounds}"


if __name__ == "__main__":
    sys.exit(main())

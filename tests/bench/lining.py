"""A packaging line's lot: packed under one signature, and its labels, by phases.

    python -m tests.bench.lining [--size 1000000] [--case 100] [--pallet 50] [--sqlite]
        [--smoke] [--labels csv --labels zpl --labels pdf]

One lot is uploaded and signed; a CSV with pallet, case and serial of every pack is sent
and checked, its events are signed and handed in, as two jobs and a machine do it. Then
labels of all its packs are made. Each phase says its seconds, how much
of them this process worked (it is worker and web server at once; the database works in
its own), and the most memory that it had resident meanwhile.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.fresh import fresh_site

_LOT = "LINE"


@dataclass(frozen=True, slots=True)
class Phase:
    """What took how long, of that how much work of this process, and its memory."""

    name: str
    seconds: float
    work_seconds: float
    most_mb: float

    @property
    def row(self) -> str:
        taken = f"{self.seconds:.1f} | {self.work_seconds:.1f}"
        return f"| {self.name} | {taken} | {self.most_mb:.0f} |"


def main() -> int:
    """Print a line for each phase as it ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--case", type=int, default=100, help="packs in a case")
    parser.add_argument("--pallet", type=int, default=50, help="cases on a pallet")
    parser.add_argument("--labels", action="append", choices=["csv", "zpl", "pdf"])
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--smoke", action="store_true", help="3,000 packs")
    chosen = parser.parse_args()
    if chosen.smoke:
        chosen.size = 3_000
    with fresh_site(is_sqlite=chosen.sqlite) as var:
        if var is None:
            return 1
        print(f"{chosen.size:,} packs, {chosen.case} a case, {chosen.pallet} a pallet")
        print("\n| phase | seconds | of work | most MB |\n|---|---:|---:|---:|")
        for phase in phases(var, chosen):
            print(phase.row, flush=True)
    return 0


def phases(var: Path, chosen: argparse.Namespace) -> Iterator[Phase]:
    """The lot, its packing, its labels."""
    from django.conf import settings

    from tests.bench.figures import serials
    from tests.bench.world import build
    from tests.bench.yardstick.uploads import upload

    settings.PACKAGING_DIR = var / "packaging"
    world = build(var)
    names = serials(chosen.size)
    yield _timed("lot uploaded and signed", lambda: upload(world, names, lot=_LOT))[0]
    yield from _packing(world, _file(names, chosen.case, chosen.pallet))
    for kind in chosen.labels or ["csv", "zpl", "pdf"]:
        yield _labels(world, kind, chosen.size)


def _packing(world: Any, file: bytes) -> Iterator[Phase]:
    from apps.packaging.models import Aggregation
    from apps.packaging.operations import aggregating
    from pharmatrace.demo.cast import AMOXIL, NOVAMED

    api = world.novamed
    form = {"gtin": AMOXIL.gtin, "lot": _LOT, "site": NOVAMED.sites[0].gln}
    phase, sent = _timed(
        f"file of {len(file):,} bytes sent",
        lambda: api.post_form("/api/v1/aggregations", file=file, **form),
    )
    yield phase
    assert sent.status == 202, sent.body
    row = Aggregation.objects.get(pk=sent.json["id"])
    yield _timed(
        "checked, events written",
        lambda: aggregating.check_aggregation(aggregation_id=row.pk, clock=_now),
    )[0]
    row.refresh_from_db()
    assert row.state == "staged", list(row.errors.values()[:3])
    phase, draft = _timed(
        "statement drafted", lambda: api.get(f"/api/v1/aggregations/{row.pk}/statement")
    )
    yield phase
    phase, envelope = _timed("signed", lambda: api.sign(draft.json))
    yield phase
    lines = draft.json["lines"]
    phase, answer = _timed(
        f"recorded, {len(lines):,} bytes", lambda: api.submit(envelope, lines)
    )
    yield phase
    assert answer.status == 201, answer.body


def _labels(world: Any, kind: str, size: int) -> Phase:
    from apps.packaging.models import LabelRun
    from apps.packaging.operations import runs
    from pharmatrace.demo.cast import AMOXIL

    wish = {"gtin": AMOXIL.gtin, "lot": _LOT, "kind": kind, "numbers": [[1, size]]}
    answer = world.novamed.post("/api/v1/label-runs", json.dumps(wish).encode())
    assert answer.status == 202, answer.body
    run = LabelRun.objects.get(pk=answer.json["id"])
    phase, _made = _timed(
        f"labels, {kind}", lambda: runs.make_labels(run_id=run.pk, clock=_now)
    )
    run.refresh_from_db()
    assert run.state == "ready", run.state
    return replace(phase, name=f"{phase.name}, {run.size_bytes:,} bytes")


def _file(names: list[str], case: int, pallet: int) -> bytes:
    """Every pack with its case and its pallet."""
    from tests.custody.goods import sscc

    rows = ["pallet,case,serial"]
    for start in range(0, len(names), case):
        number = start // case
        around = f"{sscc(5_000_000 + number // pallet)},{sscc(number)},"
        rows += [around + name for name in names[start : start + case]]
    return ("\n".join(rows) + "\n").encode()


def _timed(name: str, body: Callable[[], Any]) -> tuple[Phase, Any]:
    from tests.bench.rounds import most_kib
    from tests.bench.world import seconds

    found: list[Any] = []
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = time.process_time()
    taken = seconds(lambda: found.append(body()))
    work = time.process_time() - before
    return Phase(name, taken, work, most_kib() / 1_024), found[0]


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())

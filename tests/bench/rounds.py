"""The rounds of `tests.bench.uploading`."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.intake import operations as intake
from apps.intake.models import Upload
from pharmatrace.demo.cast import AMOXIL
from tests.bench.figures import serials
from tests.bench.loading import bulk_create, raw_load
from tests.bench.report import Figure
from tests.bench.spans import spans
from tests.bench.world import EXPIRY, World, build, seconds

_CHECK = "apps.intake.operations.check"
_CUSTODY = "apps.custody.operations"
_STAGE = f"{_CUSTODY}.stage"
_REGISTRY = "apps.custody.queries.registry"
_COMMISSION = f"{_CUSTODY}.commission"
PLACES = [
    ("read and validated", _CHECK, "_read"),
    ("staged", _CHECK, "stage_serials"),
    ("known serials asked", _REGISTRY, "Asking.put"),
    ("known serials asked", _REGISTRY, "Asking.taken"),
    ("root waited for", "apps.edge.apart", "_answer_of"),
    ("registry written", _COMMISSION, "register_staged"),
    ("holding and vectors", _COMMISSION, "_grow"),
    ("holding and vectors", _COMMISSION, "_settle"),
    ("holding and vectors", f"{_CUSTODY}.changes_sql", "write"),
    ("holding and vectors", f"{_CUSTODY}.vectors", "rewrite"),
]
_DATABASE = ("known serials asked", "staged", "registry written", "holding and vectors")
_MOST_MB = 600
_SAMPLE = 10  # bulk_create's rate is flat in rows: a tenth of them is enough


@dataclass(slots=True)
class Taken:
    """Seconds by name, of every round."""

    by_name: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, name: str, taken: float) -> None:
        self.by_name[name].append(taken)

    def of(self, name: str) -> float:
        return median(self.by_name[name])


def measure(var: Path, *, size: int, rounds: int) -> Iterator[str]:
    """The lines of the report."""
    taken, memory = run(build(var), var, size=size, rounds=rounds)
    yield from _phases(taken, size)
    yield from _goals(taken, memory)


def run(
    world: World, var: Path, *, size: int, rounds: int
) -> tuple[Taken, tuple[int, int]]:
    """The rounds on a site that stands; then KiB before and at most of a check alone."""
    taken = Taken()
    for number in range(rounds):
        _round(world, taken, number, size, var)
    return taken, _memory(world, size)


def figures(world: World, var: Path, *, size: int, rounds: int) -> list[Figure]:
    """G1 (on SQLite G21), G2, G3, G5 and the memory of a check, each beside its floor."""
    taken, (before, most) = run(world, var, size=size, rounds=rounds)
    first = "G1" if connection.vendor == "postgresql" else "G21"
    raw, rows = "raw load, sorted, one unique index", f"{size:,} rows"
    worst = map(max, taken.by_name["twice"], taken.by_name["known"])
    return [
        _rate(f"{first} file to batch", taken, "whole", raw, "raw", size),
        _rate("G2 database's part of it", taken, "database", raw, "raw", size),
        _rate("G3 file to batch", taken, "whole", "bulk_create", "bulk", size),
        Figure(
            "G5 a duplicate refused",
            "s",
            tuple(worst),
            "a good file to batch",
            tuple(taken.by_name["whole"]),
            rows,
        ),
        Figure(
            "memory of the check",
            "MB",
            (most / 1_024,),
            "goal, at most",
            (float(_MOST_MB),),
            f"{rows}; {before / 1_024:.0f} MB before it",
        ),
    ]


def _rate(
    name: str, taken: Taken, of: str, floor_name: str, floor: str, size: int
) -> Figure:
    rates = (
        tuple(size / each for each in taken.by_name[phase]) for phase in (of, floor)
    )
    values, floors = rates
    return Figure(name, "rows/s", values, floor_name, floors, f"{size:,} rows")


def _round(world: World, taken: Taken, number: int, size: int, var: Path) -> None:
    names = serials(size)
    taken.note("raw", raw_load(names, var))
    taken.note("bulk", bulk_create(names[: size // _SAMPLE]) * _SAMPLE)
    lot = f"U{number}"
    with spans(PLACES) as phases:
        upload = _send(world, names, lot)
        taken.note("sent", upload[1])
        checked = seconds(lambda: check(upload[0]))
        signed = seconds(lambda: _commission(world, upload[0]))
    for phase, value in phases.items():
        taken.note(phase, value)
    taken.note("database", sum(phases[name] for name in _DATABASE))
    taken.note("checked", checked)
    taken.note("signed", signed)
    taken.note("whole", upload[1] + checked + signed)
    fresh = serials(size - 1)
    taken.note("twice", _refused(world, [*fresh, fresh[0]], lot, "serial_repeated"))
    taken.note("known", _refused(world, [*fresh, names[0]], lot, "serial_known"))


def _send(world: World, names: list[str], lot: str) -> tuple[str, float]:
    content = ("serial\n" + "\n".join(names) + "\n").encode()
    return send_file(world, content, lot)


def send_file(world: World, content: bytes, lot: str) -> tuple[str, float]:
    """The upload's id, and how long the door took."""
    found: list[str] = []

    def send() -> None:
        answer = world.novamed.upload(
            content,
            gtin=AMOXIL.gtin,
            lot=lot,
            expiry_date=EXPIRY.isoformat(),
            site="9521568000024",
        )
        assert answer.status == 202, answer.body
        found.append(answer.json["id"])

    taken = seconds(send)
    return found[0], taken


def check(upload_id: str) -> None:
    """What the worker does with an upload."""
    intake.check_upload(upload_id=UUID(upload_id), clock=lambda: datetime.now(UTC))


def _commission(world: World, upload_id: str) -> None:
    draft = world.novamed.get(f"/api/v1/uploads/{upload_id}/statement").json
    signed = world.novamed.submit(world.novamed.sign(draft))
    assert signed.status == 201, signed.body


def _refused(world: World, names: list[str], lot: str, code: str) -> float:
    """From the file to its refusal by line; nothing of it may be left."""
    upload_id, sent = _send(world, names, f"{lot}X")
    checked = seconds(lambda: check(upload_id))
    upload = Upload.objects.get(pk=upload_id)
    lines = list(upload.errors.values_list("line_no", "code"))
    assert lines == [(len(names) + 1, code)], lines
    assert upload.staging_id is None
    return sent + checked


def most_kib() -> int:
    """The most memory that this process ever had resident, in KiB."""
    # Not ru_maxrss: that of the process which started this one would count.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def _memory(world: World, size: int) -> tuple[int, int]:
    """KiB before and at most, of a process that checks one file of `size` rows."""
    upload_id, _ = _send(world, serials(size), "MEMORY")
    alone = check_alone(upload_id)
    assert Upload.objects.get(pk=upload_id).state == "staged"
    return alone.before_kib, alone.most_kib


@dataclass(frozen=True, slots=True)
class Alone:
    """A check in a process that does nothing else."""

    before_kib: int
    most_kib: int
    seconds: float
    work_seconds: float  # of this process; the database works in its own
    phases: dict[str, float]  # seconds by phase, as named in PLACES


def check_alone(upload_id: str) -> Alone:
    """Check one upload so, and what it took."""
    connection.close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.uploading", "--check", upload_id],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return Alone(*json.loads(done.stdout))


def _phases(taken: Taken, size: int) -> Iterator[str]:
    yield f"{size:,} serials, {len(taken.by_name['raw'])} rounds, {connection.vendor}"
    yield ""
    yield "| phase | seconds | rows/s |"
    yield "|---|---:|---:|"
    named = dict.fromkeys(phase for phase, _, _ in PLACES)
    for name in ("sent", *named, "checked", "signed", "whole", "twice", "known"):
        value = taken.of(name)
        yield f"| {_WORDS.get(name, name)} | {value:.2f} | {size / value:,.0f} |"
    for name in ("raw", "bulk"):
        value = taken.of(name)
        yield f"| floor: {_WORDS[name]} | {value:.2f} | {size / value:,.0f} |"
    yield ""


_WORDS = {
    "sent": "sent to the door",
    "checked": "the whole check",
    "signed": "drafted, signed, commissioned",
    "whole": "file to batch",
    "twice": "refused: a serial twice",
    "known": "refused: a known serial",
    "raw": "raw load, sorted, one unique index",
    "bulk": "bulk_create of the bare rows, by a tenth",
}


def _goals(taken: Taken, memory: tuple[int, int]) -> Iterator[str]:
    whole, raw = taken.of("whole"), taken.of("raw")
    name = "G1" if connection.vendor == "postgresql" else "G21"
    yield _goal(f"{name} file to batch, of the raw load", raw / whole, least=0.25)
    yield _goal(
        "G2 database phase, of the raw load", raw / taken.of("database"), least=0.4
    )
    yield _goal("G3 file to batch, of bulk_create", taken.of("bulk") / whole, least=3)
    worst = max(taken.of("twice"), taken.of("known"))
    yield _goal("G5 a duplicate refused, of a good upload", worst / whole, most=1.2)
    before, most = (kib / 1_024 for kib in memory)
    yield _goal(
        f"memory of the check, MB ({before:.0f} before it)", most, most=_MOST_MB
    )


def _goal(
    name: str, value: float, *, least: float | None = None, most: float | None = None
) -> str:
    is_kept = value >= least if least is not None else value <= (most or 0)
    bound = f"at least {least}" if least is not None else f"at most {most}"
    return f"{name}: {value:.3g} (to be {bound}): {'kept' if is_kept else 'MISSED'}"

"""A file of serials from the door to the batch, beside the raw load of its rows."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from apps.catalog.models import Product
from apps.intake import operations as intake
from apps.intake.models import Upload
from pharmatrace.demo.cast import AMOXIL
from tests.bench.figures import serials
from tests.bench.loading import bulk_create, raw_load
from tests.bench.spans import spans
from tests.bench.world import EXPIRY, World, seconds
from tests.bench.yardstick.answers import batches
from tests.bench.yardstick.few import among_few, few_lots
from tests.bench.yardstick.ground import Ground
from tests.bench.yardstick.reading import Goal, NotRun, Reading, Row

_SAMPLE = 10  # bulk_create's rate is flat in rows: a tenth of them is enough


def file_to_batch(ground: Ground) -> list[Row]:
    """G1 to G3 and G5: sent, checked, signed, commissioned; a bad file refused."""
    # The phases of the database are named where the upload's own bench names them.
    from tests.bench.rounds import _DATABASE, PLACES

    world, size = ground.world, ground.few(1_000_000, 3_000)
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(ground.rounds):
        names = serials(size)
        taken["raw"].append(size / raw_load(names, ground.var))
        bare = bulk_create(names[: size // _SAMPLE])
        taken["bulk"].append(size / _SAMPLE / bare)
        with spans(PLACES) as phases:
            taken["whole"].append(size / seconds(lambda n=names: upload(world, n)))
        taken["database"].append(size / sum(phases[name] for name in _DATABASE))
        fresh = serials(size - 1)
        refused = seconds(lambda n=fresh: _refused(world, [*n, n[0]]))
        taken["refused"].append(size / refused)
    rows, raw = f"{size:,} rows", "raw COPY, sorted, one unique index"
    whole, bulk = taken["whole"], "bulk_create of the bare rows"
    return [
        _read("G1", "file to batch", whole, raw, taken["raw"], Goal(least=0.25), rows),
        _read(
            *("G2", "its database phase", taken["database"], raw, taken["raw"]),
            Goal(least=0.4),
        ),
        _read("G3", "file to batch", whole, bulk, taken["bulk"], Goal(least=3)),
        NotRun("G3", "beside QU4RTET", "a foreign peer"),
        # A rate, not a time: refused in at most 1.2 of the time of a good file.
        _read(
            *("G5", "a file with a serial twice, refused", taken["refused"]),
            *("a good file", whole, Goal(least=1 / 1.2)),
        ),
    ]


def flat(ground: Ground) -> list[Row]:
    """G4: the same upload into the registry of all packs, and into that of few."""
    world, size = ground.world, ground.few(100_000, 500)
    lots = batches(ground)
    few = lots[: 10 if ground.size == "10m" else 1]
    values: list[float] = []
    floors: list[float] = []
    with few_lots([lot.pk for lot in few], tables=["custody_serialnumber"]):
        for _ in range(ground.rounds):
            with among_few():
                floors.append(size / seconds(lambda: upload(world, serials(size))))
            values.append(size / seconds(lambda: upload(world, serials(size))))
    packs, less = (sum(lot.size for lot in those) for those in (lots, few))
    note = f"{size:,} rows; {packs:,} and {less:,} packs in the registry"
    name = "among few packs"
    goal = Goal(least=0.85)
    return [_read("G4", "upload among all packs", values, name, floors, goal, note)]


def _read(
    number: str,
    what: str,
    values: list[float],
    floor: str,
    floors: list[float],
    goal: Goal,
    note: str = "",
) -> Reading:
    return Reading(number, what, "rows/s", values, floor, floors, goal, note)


def upload(world: World, names: list[str], *, lot: str = "") -> None:
    """A file through the door, its check, the maker's signature; "" is a new lot."""
    upload_id = _checked(world, names, lot)
    draft = world.novamed.get(f"/api/v1/uploads/{upload_id}/statement").json
    signed = world.novamed.submit(world.novamed.sign(draft))
    assert signed.status == 201, signed.body


def _checked(world: World, names: list[str], lot: str = "") -> str:
    content = ("serial\n" + "\n".join(names) + "\n").encode()
    answer = world.novamed.upload(
        content,
        gtin=AMOXIL.gtin,
        lot=lot or f"UP{time.time_ns()}"[:20],
        expiry_date=EXPIRY.isoformat(),
        site="9521568000024",
    )
    assert answer.status == 202, answer.body
    name = str(answer.json["id"])
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731
    intake.check_upload(upload_id=UUID(name), clock=clock)
    return name


def _refused(world: World, names: list[str]) -> None:
    name = _checked(world, names)
    row = Upload.objects.get(pk=name)
    codes = list(row.errors.values_list("line_no", "code"))
    assert codes == [(len(names) + 1, "serial_repeated")], codes
    assert row.staging_id is None
    assert Product.objects.filter(gtin=AMOXIL.gtin).exists()

"""The measures themselves; each round runs the floor and the figure side by side."""

import secrets
import string
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.core.cache import cache

from apps.exchange import queries as drafts
from apps.intake import operations as intake
from apps.intake.models import Upload
from pharmatrace.demo.cast import AMOXIL, STELLA
from pharmatrace.demo.signing import sign_statement
from tests.bench.backlog import integration
from tests.bench.deriving import (
    fsck_log,
    fsck_statements,
    inclusion,
    map_update,
)
from tests.bench.monitoring import monitor
from tests.bench.packing import checked as packs_checked
from tests.bench.packing import made as packs_made
from tests.bench.proving import proof, recall
from tests.bench.report import Figure
from tests.bench.scanning import verdicts
from tests.bench.sealing import signatures
from tests.bench.world import (
    EXPIRY,
    World,
    build,
    deliver,
    each_seconds,
    percentile,
    raw,
    seconds,
)
from tests.custody.goods import pack, site

_ALPHABET = string.digits + string.ascii_uppercase


def serials(count: int) -> list[str]:
    """Random serials of 14 characters."""
    return ["".join(secrets.choice(_ALPHABET) for _ in range(14)) for _ in range(count)]


def measure_all(*, is_smoke: bool, var: Path) -> list[Figure]:
    """Every figure; with `is_smoke` tiny sizes and one round, for correctness."""
    rounds = 1 if is_smoke else 5
    world = build(var)
    return [
        uploads(world, size=500 if is_smoke else 100_000, rounds=min(rounds, 3)),
        *statements(world, size=5 if is_smoke else 200, rounds=rounds),
        *verifications(world, size=5 if is_smoke else 400, rounds=rounds),
        *verdicts(
            world,
            deliver(
                world, "VD", serials(5 if is_smoke else 400), 5 if is_smoke else 400
            ),
            rounds=rounds,
        ),
        fsck_statements(world, rounds=min(rounds, 3)),
        *signatures(rounds=rounds, least=100 if is_smoke else 20_000),
        integration(world, size=500 if is_smoke else 20_000, rounds=min(rounds, 3)),
        inclusion(size=5 if is_smoke else 200, rounds=rounds),
        fsck_log(rounds=min(rounds, 3)),
        map_update(
            size=1_000 if is_smoke else 1_000_000,
            changed=10 if is_smoke else 1_000,
            rounds=rounds,
        ),
        proof(world, size=5 if is_smoke else 100, rounds=rounds),
        recall(world, rounds=rounds),
        *packs_made(
            world,
            names=serials(1_500 if is_smoke else 100_000),
            repeats=2 if is_smoke else 20,
            rounds=min(rounds, 3),
        ),
        *packs_checked(repeats=2 if is_smoke else 100, rounds=rounds),
        monitor(size=2_000 if is_smoke else 200_000, rounds=min(rounds, 3)),
    ]


def uploads(world: World, *, size: int, rounds: int) -> Figure:
    """A file of serials: sent, checked, staged, signed, commissioned."""
    values, floors = [], []
    for number in range(rounds):
        names = serials(size)
        floors.append(size / _copy_floor(names))
        content = "serial\n" + "\n".join(names) + "\n"
        values.append(
            size / seconds(lambda n=number, c=content: _upload(world, n, c.encode()))
        )
    return Figure(
        "serials uploaded, file to batch",
        "rows/s",
        tuple(values),
        "raw COPY, sorted, one unique index",
        tuple(floors),
        f"{size:,} rows",
    )


def _copy_floor(names: Sequence[str]) -> float:
    with raw() as link:
        link.execute(
            'CREATE TABLE bench_floor (product bigint, serial text COLLATE "C",'
            " batch bigint, ordinal int, PRIMARY KEY (product, serial))"
        )
        rows = "".join(f"1\t{name}\t1\t{n}\n" for n, name in enumerate(sorted(names)))

        def copy() -> None:
            with link.cursor().copy("COPY bench_floor FROM STDIN") as stream:
                stream.write(rows)

        taken = seconds(copy)
        link.execute("DROP TABLE bench_floor")
    return taken


def _upload(world: World, number: int, content: bytes) -> None:
    answer = world.novamed.upload(
        content,
        gtin=AMOXIL.gtin,
        lot=f"U{number}",
        expiry_date=EXPIRY.isoformat(),
        site="9521568000024",
    )
    assert answer.status == 202, answer.body
    upload = Upload.objects.get(pk=answer.json["id"])
    intake.check_upload(upload_id=upload.pk, clock=lambda: datetime.now(UTC))
    draft = world.novamed.get(f"/api/v1/uploads/{upload.pk}/statement").json
    signed = world.novamed.submit(world.novamed.sign(draft))
    assert signed.status == 201, signed.body


def statements(world: World, *, size: int, rounds: int) -> list[Figure]:
    """Signed dispenses of one pack, one after the other, through the door."""
    names = deliver(world, "ST", serials(size * rounds * 2), size * rounds)
    values, floors = [], []
    for number in range(rounds):
        part = names[number * size : (number + 1) * size]
        envelopes = [_dispense(world, name) for name in part]
        floors.append(size / _insert_floor(size))
        values.append(
            size / seconds(lambda e=envelopes: [world.stage.send(one) for one in e])
        )
    return [
        Figure(
            "statements appended, one client",
            "1/s",
            tuple(values),
            "one-row INSERT and commit, psycopg",
            tuple(floors),
            "law, signature, projection, receipt",
        )
    ]


def _dispense(world: World, name: str) -> bytes:
    wish = {
        "kind": "event",
        "step": "dispense",
        "site": site(STELLA),
        "items": [pack(name)],
    }
    stage = world.stage
    draft = drafts.draft(wish=wish, actor=stage.actor(STELLA), at=stage.tick())
    return sign_statement(draft.payload, stage.keyring.key_of(STELLA))


def _insert_floor(size: int) -> float:
    with raw() as link:
        link.execute("CREATE TABLE bench_floor (id bigserial PRIMARY KEY, said bytea)")
        said = secrets.token_bytes(900)

        def insert() -> None:
            for _ in range(size):
                link.execute("INSERT INTO bench_floor (said) VALUES (%s)", [said])

        taken = seconds(insert)
        link.execute("DROP TABLE bench_floor")
    return taken


def verifications(world: World, *, size: int, rounds: int) -> list[Figure]:
    """GET /api/v1/verify in process: routing, token, throttle, verdict, audit row."""
    names = deliver(world, "VE", serials(size), size)
    codes = [f"/api/v1/verify?code=]d201{AMOXIL.gtin}21{name}" for name in names]
    rates, slow, floors, slow_floors = [], [], [], []
    for _ in range(rounds):
        floor = _select_floor(names)
        taken = _verify_all(world, codes)
        floors.append(size / sum(floor))
        slow_floors.append(percentile(floor, 0.95) * 1_000)
        rates.append(size / sum(taken))
        slow.append(percentile(taken, 0.95) * 1_000)
    return [
        Figure(
            "verify requests, one client",
            "1/s",
            tuple(rates),
            "one indexed SELECT, psycopg, prepared",
            tuple(floors),
            "in process, all middleware, audit row",
        ),
        Figure(
            "verify request, p95",
            "ms",
            tuple(slow),
            "p95 of that SELECT",
            tuple(slow_floors),
        ),
    ]


def _verify_all(world: World, paths: Sequence[str]) -> list[float]:
    taken = []
    for number, path in enumerate(paths):
        if number % 200 == 0:  # one partner may ask 300 times a minute
            cache.clear()
        taken.append(seconds(lambda p=path: _verify(world, p)))
    return taken


def _verify(world: World, path: str) -> None:
    answer = world.stella.get(path)
    assert answer.status == 200, answer.body


def _select_floor(names: Sequence[str]) -> list[float]:
    sql = "SELECT batch_id, ordinal FROM custody_serialnumber WHERE product_id = %s"
    with raw() as link:
        found = link.execute("SELECT id FROM catalog_product LIMIT 1").fetchone()
        assert found is not None
        return each_seconds(
            [
                lambda n=name: link.execute(
                    f"{sql} AND serial = %s", [found[0], n], prepare=True
                ).fetchone()
                for name in names
            ]
        )

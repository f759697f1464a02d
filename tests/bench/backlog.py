"""A backlog of real statements for the sequencer, and how fast it is worked off."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction

from apps.anchoring import operations as anchoring
from apps.core.envelope import STATEMENT_TYPE
from apps.core.leaf import batch_tag
from apps.core.signing import sign_envelope
from apps.core.statement import parse_statement
from apps.core.subjects import Moved, Subject
from apps.edge import secrets
from apps.ledger import formats
from apps.ledger import operations as ledger
from apps.ledger.models import Leaf
from apps.ledger.operations import LeafRow
from pharmatrace.demo.cast import AMOXIL, NOVAMED
from tests.bench.report import Figure
from tests.bench.world import World, seconds

# How many lots a statement moves: mostly one, at times a mixed pallet, or the events of
# a day under one signature.
_LOTS_A_STATEMENT = (*[(1, 1)] * 7, *[(2, 5)] * 2, (10, 20))
# Lots that are about; the n-th moves n times as seldom as the first.
_LOTS = 200_000
_GROUP = 500  # statements a transaction, while the backlog is made


def integration(world: World, *, size: int, rounds: int) -> Figure:
    """Leaves from a backlog into the tree: chains, tiles, map, signed checkpoint.

    The floor writes the same leaves into a table with the same indexes and keys, by
    the fastest way that the database has, and nothing else.
    """
    anchoring.sequence(at=world.stage.tick())
    values, floors, said = [], [], 0
    with _bare_table() as write:
        for number in range(rounds):
            said += fill(world, leaves=size, mix=random.Random(number))
            before = Leaf.objects.count()
            values.append(size / seconds(lambda: _work_off(world)))
            rows = _rows(before)
            floors.append(len(rows) / seconds(lambda r=rows: write(r)))
    kind = {"postgresql": "COPY", "sqlite": "executemany"}[connection.vendor]
    return Figure(
        f"leaves integrated, from a backlog, {connection.vendor}",
        "1/s",
        tuple(values),
        f"{kind} of the same leaves, same indexes",
        tuple(floors),
        f"{size:,} leaves of {said // rounds:,} signed statements",
    )


def _work_off(world: World) -> None:
    while anchoring.sequence(at=world.stage.tick()):
        continue


def fill(world: World, *, leaves: int, mix: random.Random) -> int:
    """Append signed statements until so many leaves wait; how many statements.

    Nobody judges them: only what the sequencer does with them is measured.
    """
    key = Ed25519PrivateKey.generate()
    counts = list(_counts(mix, leaves))
    for start in range(0, len(counts), _GROUP):
        with transaction.atomic():
            for count in counts[start : start + _GROUP]:
                _append(key, _tags(mix, count), world.stage.tick())
    return len(counts)


def _counts(mix: random.Random, leaves: int) -> Iterator[int]:
    while leaves:
        count = min(mix.randint(*mix.choice(_LOTS_A_STATEMENT)), leaves)
        leaves -= count
        yield count


def _tags(mix: random.Random, count: int) -> list[bytes]:
    """So many lots' tags."""
    lots: set[int] = set()
    while len(lots) < count:
        lots.add(int(_LOTS ** mix.random()))
    return [_tag(lot) for lot in lots]


@lru_cache(maxsize=_LOTS)
def _tag(lot: int) -> bytes:
    return batch_tag(secrets.tag_key(), gtin=AMOXIL.gtin, lot=f"B{lot}")


def _append(key: Ed25519PrivateKey, tags: list[bytes], at: datetime) -> None:
    moved = Moved(1, sha256(b"set").digest())
    payload = formats.new_statement(
        kind="event",
        by=NOVAMED.gln,
        signer=NOVAMED.admin.signer,
        meaning="I moved these packs",
        subjects=[Subject(tag, moved=moved) for tag in tags],
        parents=[],
        body={"type": "ObjectEvent"},
        at=at,
        ledger=settings.LEDGER_ORIGIN,
    )
    envelope = sign_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, private_keys=[key]
    )
    at_ms = formats.as_ms(at)
    submission = formats.Submission(envelope, parse_statement(payload), None, at_ms)
    ledger.append_statement(submission=submission, accepted_ms=at_ms)


def _rows(start: int) -> list[LeafRow]:
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT {_NAMES} FROM ledger_leaf WHERE "index" >= %s ORDER BY "index"',
            [start],
        )
        return list(cursor.fetchall())


@contextmanager
def _bare_table() -> Iterator[Callable[[Sequence[LeafRow]], None]]:
    """A writer into a table like that of the leaves, but for its triggers."""
    is_postgresql = connection.vendor == "postgresql"
    for sql in _LIKE_POSTGRESQL if is_postgresql else _like_sqlite():
        _run(sql)
    try:
        yield _copy if is_postgresql else _execute_many
    finally:
        _run("DROP TABLE bench_leaf")


_NAMES = ", ".join(f'"{name}"' for name in ledger.LEAF_COLUMNS)
_LIKE_POSTGRESQL = (
    "CREATE TABLE bench_leaf (LIKE ledger_leaf INCLUDING ALL)",
    "ALTER TABLE bench_leaf ADD FOREIGN KEY (statement_id)"
    " REFERENCES ledger_statement DEFERRABLE INITIALLY DEFERRED",
)


def _like_sqlite() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'ledger_leaf'"
            " AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC"
        )
        return [sql.replace('"ledger_leaf', '"bench_leaf') for (sql,) in cursor]


def _copy(rows: Sequence[LeafRow]) -> None:
    command = f"COPY bench_leaf ({_NAMES}) FROM STDIN (FORMAT BINARY)"
    types = (
        *("int8", "text", "int4", "int2", "int8"),
        *("bytea", "int8", "bytea", "bytea", "bytea"),
    )
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.cursor.copy(command) as copy,
    ):
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _execute_many(rows: Sequence[LeafRow]) -> None:
    marks = ", ".join(["%s"] * len(ledger.LEAF_COLUMNS))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO bench_leaf ({_NAMES}) VALUES ({marks})", rows)


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)

"""Measures of the log: integration, proofs, and the recall query."""

import secrets
from datetime import UTC, datetime
from hashlib import sha256

from django.db import connection, transaction

from apps.anchoring import operations as anchoring
from apps.anchoring import queries as proofs
from apps.core.leaf import LeafType
from pharmatrace.demo.cast import AMOXIL
from tests.bench.report import Figure
from tests.bench.world import (
    World,
    raw,
    seconds,
)


def integration(world: World, *, size: int, rounds: int) -> Figure:
    """Leaves from a backlog into the tree: chains, tiles, map, signed checkpoint."""
    anchoring.sequence(at=world.stage.tick())
    values, floors = [], []
    for _ in range(rounds):
        leaves = [secrets.token_bytes(114) for _ in range(size)]
        floors.append(
            size / seconds(lambda c=leaves: [sha256(b"\0" + x).digest() for x in c])
        )
        _fill_queue(size)

        def work() -> None:
            while anchoring.sequence(at=world.stage.tick()):
                pass

        values.append(size / seconds(work))
    return Figure(
        f"leaves integrated, from a backlog, {connection.vendor}",
        "1/s",
        tuple(values),
        "SHA-256 of as many leaves, hashlib",
        tuple(floors),
        f"{size:,} leaves, one a chain",
    )


def _fill_queue(size: int) -> None:
    """Statements of ten leaves each, written in bulk: only the queue matters here."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(accept_no), 0) FROM ledger_statement")
        (highest,) = cursor.fetchone()
        rows = [
            (secrets.token_hex(32), highest + 1 + number, _ten_leaves())
            for number in range(size // 10)
        ]
        said = ("event", "0" * 13, "bench", "", bytes(32))
        statements = [(name, number, now, *said) for name, number, _ in rows]
        pending = [(name, number, now, leaves) for name, number, leaves in rows]
        write = _copy if connection.vendor == "postgresql" else _insert
        write(cursor, "ledger_statement", _STATEMENT, statements)
        write(cursor, "ledger_pending", _PENDING, pending)
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT setval('ledger_accept_no', %s)", [highest + len(rows) + 1]
            )


_STATEMENT = (
    *("id", "accept_no", "accepted_ms", "kind", "by", "signer"),
    *("keyids", "envelope_digest"),
)
_PENDING = ("statement_id", "accept_no", "accepted_ms", "leaves")


def _copy(cursor, table, columns, rows) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(cursor, table, columns, rows) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join(["%s"] * len(columns))
    cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def _ten_leaves() -> bytes:
    # As apps.ledger.formats keeps them: u8 type, 32 tag, 32 commitment.
    goods = bytes([LeafType.GOODS])
    return b"".join(goods + secrets.token_bytes(64) for _ in range(10))


def proof(world: World, *, size: int, rounds: int) -> Figure:
    """The proof file of one statement, from tiles."""
    accepted = world.goods.commission(lot="PR", names=[f"PROOF{n}" for n in range(10)])
    anchoring.sequence(at=world.stage.tick())
    data = [secrets.token_bytes(65) for _ in range(40)]
    values, floors = [], []
    for _ in range(rounds):
        floors.append(
            seconds(lambda: [[sha256(x).digest() for x in data] for _ in range(size)])
            / size
            * 1_000
        )
        values.append(
            seconds(
                lambda: [
                    proofs.proof_bundle(accepted.statement_id) for _ in range(size)
                ]
            )
            / size
            * 1_000
        )
    return Figure(
        "proof file of a statement",
        "ms",
        tuple(values),
        "40 SHA-256 of 65 bytes, hashlib",
        tuple(floors),
    )


def recall(world: World, *, rounds: int) -> Figure:
    """Where every unit of a lot is, with contacts, as the regulator asks it."""
    path = f"/api/v1/recall-query?gtin={AMOXIL.gtin}&lot=ST"
    values, floors = [], []
    with raw() as link:
        for _ in range(rounds):
            floors.append(
                seconds(
                    lambda: link.execute(
                        "SELECT h.*, t.name FROM custody_holding h"
                        " JOIN partners_tradingpartner t ON t.gln = h.holder"
                        " JOIN catalog_batch b ON b.id = h.batch_id"
                        " WHERE b.lot = 'ST'"
                    ).fetchall()
                )
                * 1_000
            )
            values.append(seconds(lambda: _ask(world, path)) * 1_000)
    return Figure(
        "recall query of a lot, by HTTP",
        "ms",
        tuple(values),
        "SELECT of the same holdings and names",
        tuple(floors),
        "in process, all middleware",
    )


def _ask(world: World, path: str) -> None:
    answer = world.regulator.get(path)
    assert answer.status == 200, answer.body

"""Measures of proofs and of the recall query."""

import secrets
from hashlib import sha256

from apps.anchoring import operations as anchoring
from apps.anchoring import queries as proofs
from pharmatrace.demo.cast import AMOXIL
from tests.bench.report import Figure
from tests.bench.world import (
    World,
    raw,
    seconds,
)


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

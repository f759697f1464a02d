"""Measures of one pack's proof: made by the site, checked by an outsider."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.cache import cache

from apps.anchoring import operations as anchoring
from apps.core.keyring import KeyRing
from apps.core.packproof import parse_pack_proof
from apps.core.packs import verify_pack_proof, verify_proof_code
from apps.core.policy import Policy
from apps.core.proofcode import parse_code_text
from apps.core.serialsbuild import BLOCK
from apps.scan import queries
from pharmatrace.demo.cast import NOVAMED
from tests.bench.report import Figure
from tests.bench.world import World, seconds
from tests.core.outside.small_ledger import dumped
from tests.custody.goods import pack
from tests.golden.pack_ledger import POLICY, code_of, ledger_of, pack_file


def made(world: World, *, names: list[str], repeats: int, rounds: int) -> list[Figure]:
    """A pack's file and code: with the lot's tree kept, and the first of its lot."""
    world.goods.commission(lot="PP", names=names)
    anchoring.sequence(at=world.stage.tick())
    actor = world.stage.actor(NOVAMED)
    verdict = queries.judge_scan(
        code=pack(names[len(names) // 2]), actor=actor, at=datetime.now(UTC)
    )

    def file() -> None:
        assert queries.find_pack_file(verdict, actor=actor)

    def first() -> None:
        cache.clear()
        file()

    def code() -> None:
        assert queries.find_pack_code(verdict)

    in_lot = f"a lot of {len(names):,}"
    block, lot = _hashing(2 * min(BLOCK, len(names))), _hashing(2 * len(names))
    return [
        _timed("pack proof made", file, block, repeats, rounds, in_lot),
        _timed("proof code made and checked", code, block, repeats, rounds, in_lot),
        _timed("pack proof made, first of its lot", first, lot, 1, rounds, in_lot),
    ]


def checked(*, repeats: int, rounds: int) -> list[Figure]:
    """A file and a code, read and verified: maker, log and two witnesses."""
    ledger = ledger_of()
    data = dumped(pack_file(ledger))
    text, policy = code_of(pack_file(ledger)).format(), Policy.parse(POLICY.encode())

    def file() -> None:
        proof = parse_pack_proof(data)
        verify_pack_proof(proof=proof, policy=policy, ring=KeyRing())

    def code() -> None:
        verify_proof_code(code=parse_code_text(text), policy=policy, ring=KeyRing())

    floor = _verifying(4)
    return [
        _timed("pack proof checked", file, floor, repeats, rounds, f"{len(data):,} B"),
        _timed(
            "proof code checked", code, floor, repeats, rounds, f"{len(text):,} digits"
        ),
    ]


Floor = tuple[str, Callable[[], object]]


def _hashing(count: int) -> Floor:
    data = [secrets.token_bytes(48) for _ in range(count)]
    return (
        f"{count:,} SHA-256 of 48 bytes, hashlib",
        lambda: [sha256(each).digest() for each in data],
    )


def _verifying(count: int) -> Floor:
    key = Ed25519PrivateKey.generate()
    public, message = key.public_key(), secrets.token_bytes(200)
    signature = key.sign(message)
    return (
        f"{count} Ed25519 verifications, cryptography",
        lambda: [public.verify(signature, message) for _ in range(count)],
    )


def _timed(
    name: str,
    work: Callable[[], object],
    floor: Floor,
    repeats: int,
    rounds: int,
    note: str,
) -> Figure:
    floor_name, floor_work = floor
    work()
    values, floors = [], []
    for _ in range(rounds):
        floors.append(_each_ms(floor_work, repeats))
        values.append(_each_ms(work, repeats))
    return Figure(name, "ms", tuple(values), floor_name, tuple(floors), note)


def _each_ms(work: Callable[[], object], repeats: int) -> float:
    return seconds(lambda: [work() for _ in range(repeats)]) / repeats * 1_000

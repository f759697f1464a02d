"""Measures of the log derived again: the map, proofs from tiles, fsck."""

import secrets
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.anchoring import queries as anchoring
from apps.core.map import MapValue
from apps.core.mapbuild import MapTree
from apps.ledger import queries as ledger
from pharmatrace.fsck.log import check_log
from pharmatrace.fsck.outside import look_outside
from pharmatrace.fsck.statements import check_statements
from tests.bench.report import Figure
from tests.bench.world import World, seconds

_TREE_DEPTH = 20  # levels above a million leaves


def map_update(*, size: int, changed: int, rounds: int) -> Figure:
    """The map's new root after some keys changed among many."""
    tree = MapTree({secrets.token_bytes(32): _value(n) for n in range(size)})
    tree.root()
    values, floors = [], []
    for number in range(rounds):
        data = [secrets.token_bytes(65) for _ in range(changed)]
        floors.append(
            seconds(lambda d=data: [sha256(x).digest() for x in d * _TREE_DEPTH])
            * 1_000
        )
        changes = {secrets.token_bytes(32): _value(number) for _ in range(changed)}

        def work(changes: dict[bytes, MapValue] = changes) -> None:
            tree.update(changes)
            tree.root()

        values.append(seconds(work) * 1_000)
    return Figure(
        "map root after changed keys",
        "ms",
        tuple(values),
        "20 SHA-256 a changed key, hashlib",
        tuple(floors),
        f"{changed:,} of {size:,} keys",
    )


def _value(number: int) -> MapValue:
    return MapValue(number + 1, secrets.token_bytes(32), number)


def inclusion(*, size: int, rounds: int) -> Figure:
    """The inclusion proof of an entry, from the published tiles."""
    head = anchoring.newest_checkpoint()
    assert head is not None
    data = [secrets.token_bytes(65) for _ in range(_TREE_DEPTH)]
    values, floors = [], []
    for _ in range(rounds):
        floors.append(
            seconds(lambda: [[sha256(x).digest() for x in data] for _ in range(size)])
            / size
            * 1_000
        )
        wanted = [secrets.randbelow(head.size) for _ in range(size)]
        values.append(
            seconds(lambda w=wanted: [anchoring.prove_leaf(n, head) for n in w])
            / size
            * 1_000
        )
    return Figure(
        "inclusion proof from tiles",
        "ms",
        tuple(values),
        "20 SHA-256 of 65 bytes, hashlib",
        tuple(floors),
        f"tree of {head.size:,}",
    )


def fsck_log(*, rounds: int) -> Figure:
    """Chains, tree, map and tiles of the whole log by fsck."""
    size = ledger.count_leaves()
    runs = sum(1 for _ in anchoring.iter_heads())
    values, floors = [], []
    for _ in range(rounds):
        leaves = [secrets.token_bytes(115) for _ in range(size)]
        floors.append(size / seconds(lambda d=leaves: [sha256(x).digest() for x in d]))
        values.append(size / seconds(lambda: list(check_log(look_outside()))))
    return Figure(
        "fsck: leaves, chains, tree, map, tiles",
        "1/s",
        tuple(values),
        "SHA-256 of as many leaves, hashlib",
        tuple(floors),
        f"{size:,} leaves in {runs:,} runs",
    )


def fsck_statements(world: World, *, rounds: int) -> Figure:
    """Statements by fsck: envelopes, signatures, receipts, commitments, projections."""
    count = ledger.count_statements()
    key = Ed25519PrivateKey.generate()
    said = secrets.token_bytes(900)
    signature, public = key.sign(said), key.public_key()
    values, floors = [], []
    for _ in range(rounds):
        floors.append(
            count
            / seconds(lambda: [public.verify(signature, said) for _ in range(count)])
        )
        at = max(world.stage.at, datetime.now(UTC))
        values.append(count / seconds(lambda a=at: list(check_statements(at=a))))
    return Figure(
        "fsck: statements with their signatures",
        "1/s",
        tuple(values),
        "Ed25519 verify, cryptography",
        tuple(floors),
        f"{count:,} statements, a receipt each",
    )

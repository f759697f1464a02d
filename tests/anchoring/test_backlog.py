"""A backlog by the fast paths: the same tree, tiles, map and chains as one by one."""

import random

import pytest
from django.db import transaction

from apps.anchoring import operations
from apps.anchoring.clients import files
from apps.anchoring.operations import map_cache
from apps.core.errors import IntegrityBreach
from apps.core.leaf import ZEROS, Leaf, LeafType
from apps.core.merkle import leaf_hash
from apps.core.tiles import changed_tiles
from apps.core.tree import MemoryTree
from apps.edge import beside
from apps.ledger import operations as ledger_operations
from apps.ledger import queries as ledger
from apps.ledger.models import Pending
from tests.anchoring.outsider import read_entries, verify_public
from tests.ledger.sayings import AT, AT_MS, append, say, saying, tag

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def in_threads(monkeypatch):
    """Few leaves and files as if they were many."""
    monkeypatch.setattr(files, "MANY", 1)
    monkeypatch.setattr(beside, "MANY", 1)


@pytest.fixture(params=["one by one", "in threads"])
def ways(request):
    if request.param == "in threads":
        request.getfixturevalue("in_threads")


def assert_plain(log) -> int:
    """Every file holds what a tree in memory, leaf by leaf, makes of the entries."""
    size = verify_public(log)
    tree = MemoryTree()
    for entry in read_entries(log, size):
        tree.append(leaf_hash(entry))
    for tile in changed_tiles(old_size=0, new_size=size):
        first = tile.index * 256
        hashes = [
            tree.node(8 * tile.level, index)
            for index in range(first, first + tile.width)
        ]
        assert (log / tile.path).read_bytes() == b"".join(hashes)
    return size


@pytest.mark.parametrize("seed", range(4))
def test_any_statements_in_any_runs_make_the_plain_log(log, ways, seed):
    mix, said = random.Random(seed), 0
    for run in range(5):
        for _ in range(mix.randint(1, 12)):
            lots = {
                f"lot {int(400 ** mix.random())}" for _ in range(mix.randint(1, 60))
            }
            append(saying(*lots), accepted_ms=AT_MS + run)
            said += len(lots)
        limit = mix.choice([1, 7, 100, 10_000])
        operations.sequence(at=AT, limit_leaves=limit)
    while operations.sequence(at=AT) is not None:
        continue

    rows = list(ledger.list_leaves(start=0, stop=10_000))
    assert Pending.objects.count() == 0
    assert sum(row.statement_id is not None for row in rows) == said
    assert assert_plain(log) == len(rows)
    entries = list(ledger.list_entries(start=0, stop=10_000))
    assert entries == [(row.index, row.leaf_hash, row.leaf.encode()) for row in rows]


def test_a_map_in_memory_learns_what_another_sequencer_added(log):
    say("lot A", "lot B")
    operations.sequence(at=AT)
    (mine,) = map_cache._KEPT
    map_cache._KEPT.clear()
    say("lot B", "lot C")
    operations.sequence(at=AT)
    (other,) = map_cache._KEPT
    assert other is not mine

    map_cache.keep(mine.tree, size=mine.size, root_hash=mine.root_hash)
    say("lot A")
    operations.sequence(at=AT)

    assert map_cache._KEPT[0].tree is mine.tree
    assert assert_plain(log) == 8


def test_a_map_of_another_tree_is_not_gone_on_with(log):
    say("lot A")
    operations.sequence(at=AT)
    (kept,) = map_cache._KEPT
    map_cache.keep(kept.tree, size=kept.size, root_hash=bytes(32))
    say("lot B")

    operations.sequence(at=AT)

    assert map_cache._KEPT[0].tree is not kept.tree
    assert assert_plain(log) == 4


def row_of(index: int, leaf: Leaf, *, digest: bytes | None = None):
    return (
        *(index, None, 0, int(leaf.kind), leaf.time_ms, leaf.subject_tag),
        *(leaf.chain_seq, leaf.prev_leaf_hash, leaf.commitment),
        digest or leaf.leaf_hash,
    )


FIRST = Leaf(LeafType.GOODS, AT_MS, tag("lot A"), 0, ZEROS, tag("said"))
NEXT = Leaf(LeafType.GOODS, AT_MS, tag("lot B"), 0, ZEROS, tag("too"))


@pytest.mark.parametrize(
    ("rows", "code", "field"),
    [
        ([row_of(0, FIRST, digest=NEXT.leaf_hash)], "leaf_differs", "leaf 0"),
        ([row_of(0, FIRST), row_of(2, NEXT)], "leaf_missing", "leaf 1"),
        ([row_of(1, FIRST)], "leaf_differs", "leaf 0"),
        ([row_of(0, FIRST)], "leaf_missing", "leaf 1"),
        ([], "leaf_missing", "leaf 0"),
    ],
)
def test_rows_that_are_not_the_leaves_become_no_files(log, rows, code, field):
    with transaction.atomic():
        ledger_operations.append_leaves(rows=rows)

    with pytest.raises(IntegrityBreach) as refusal:
        operations.write_tiles(operations.open_stores(), old_size=0, new_size=2)

    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not (log / "tile").exists()

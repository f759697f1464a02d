"""The map and the tree as they were under a published head, for many proofs at once."""

from __future__ import annotations

from apps.anchoring.clients.public_files import public_files
from apps.anchoring.queries.checkpoints import PublishedHead
from apps.anchoring.queries.map_heads import list_heads
from apps.core.errors import IntegrityBreach
from apps.core.map import MapValue
from apps.core.mapbuild import MapTree
from apps.core.tiles import TileHashes
from apps.edge.replica import read_connection as connection
from apps.ledger import queries as ledger


def tree_under(head: PublishedHead) -> TileHashes:
    """The tree of a published head, from its tiles."""
    return TileHashes(public_files().read_tile, tree_size=head.size)


def map_under(head: PublishedHead) -> MapTree:
    """The map whose root is in the last leaf of a published head.

    What came after is taken back: the heads of chains that grew since are read again
    from their leaves. A million tags take about ten seconds and 150 MB.

    Raises:
        IntegrityBreach: `map_root_differs`.
    """
    last = head.size - 1
    entries = dict(list_heads())
    grown = [tag for tag, value in entries.items() if value.last_index >= last]
    before = _heads_below(last, grown)
    for tag in grown:
        if tag in before:
            entries[tag] = before[tag]
        else:
            del entries[tag]
    tree, wanted = MapTree(entries), ledger.get_leaf(last).commitment
    if tree.root() != wanted:
        raise IntegrityBreach(
            "map_root_differs",
            field=f"leaf {last}",
            got=tree.root().hex(),
            wanted=wanted.hex(),
        )
    return tree


def _heads_below(last: int, tags: list[bytes]) -> dict[bytes, MapValue]:
    """The entry of each tag as of the leaves below index `last`."""
    found: dict[bytes, MapValue] = {}
    with connection.cursor() as cursor:
        for tag in tags:
            cursor.execute(
                'SELECT chain_seq, leaf_hash, "index" FROM ledger_leaf'
                ' WHERE tag = %s AND "index" < %s ORDER BY chain_seq DESC LIMIT 1',
                [tag, last],
            )
            row = cursor.fetchone()
            if row is not None:
                found[tag] = MapValue(row[0] + 1, bytes(row[1]), row[2])
    return found

"""The builder half of a bundle: its members from plain data, always the same bytes.

Whoever has a ledger plans which chains are shown and which statements are opened, and
hands over those statements one by one in the order of the log. Nothing is judged here;
a builder that plans too little makes a bundle that does not verify.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, TypeVar

from ..canonical import JsonValue, canonical_bytes
from ..leaf import Leaf
from ..map import MapProof, MapValue
from ..ranges import Ranges
from ..strict import format_base64
from ..tree import HashSource
from .lines import CLOSED_A_LINE, SERIALS_A_LINE
from .manifest import Lot, Manifest, MemberInfo
from .share import share_map, share_tree
from .zipform import MANIFEST
from .zipwrite import Packed, Packer, Sink, write_zip

T = TypeVar("T")
__all__ = [
    "LeafRow",
    "LineRow",
    "Plan",
    "PlannedChain",
    "Saying",
    "assemble",
    "chain_lines",
    "entry_lines",
    "map_pieces",
    "tree_pieces",
]


@dataclass(frozen=True, slots=True)
class LeafRow:
    """A leaf where it stands; `by` is role and country of who spoke, if redacted."""

    index: int
    statement_id: str
    position: int
    leaf: Leaf
    by: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PlannedChain:
    """A chain that the bundle shows whole, oldest leaf first."""

    of: tuple[str, ...]
    tag: bytes
    value: MapValue | None
    leaves: Sequence[LeafRow] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bundle shows.

    Args:
        note: the checkpoint, byte for byte.
        map_root: the last leaf under it, at `tree_size` - 1.
        chains: in any order.
        opened: ids of the statements that are shown.
    """

    form: str
    ledger: str
    genesis: str
    lots: tuple[Lot, ...]
    recall: str
    note: bytes
    tree_size: int
    map_root: Leaf
    chains: tuple[PlannedChain, ...]
    opened: frozenset[str]

    def shown(self) -> dict[str, list[tuple[LeafRow, bytes]]]:
        """The leaves that are opened, with their tags, by statement."""
        shown: dict[str, list[tuple[LeafRow, bytes]]] = {}
        for chain in self.chains:
            for row in chain.leaves:
                if row.statement_id in self.opened:
                    shown.setdefault(row.statement_id, []).append((row, chain.tag))
        return shown

    def order(self) -> list[str]:
        """The opened statements in the order of the log."""
        shown = self.shown()
        return sorted(shown, key=lambda identity: shown[identity][0][0].index)


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of a file of events: its RFC 8785 bytes without the line feed."""

    number: int
    said: bytes
    ranges: Mapping[bytes, Ranges] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Saying:
    """A statement as the ledger keeps it.

    Args:
        envelope: its RFC 8785 bytes.
        salts: of all its leaves, in order of subjects.
        ranges, seed, lines: as `lines.Opened` and `lines.ShownLine` say.
        serials: of a commissioning, in the order of ordinals.
    """

    statement_id: str
    accepted_ms: int
    envelope: bytes
    salts: Sequence[bytes]
    ranges: Mapping[bytes, Ranges] = field(default_factory=dict)
    seed: bytes = b""
    lines: Iterable[LineRow] = ()
    serials: Iterable[str] = ()


def chain_lines(plan: Plan) -> Iterator[bytes]:
    """The lines of `chains.ndjson`, each with its line feed."""
    for chain in sorted(plan.chains, key=lambda chain: chain.tag):
        # By hand, as statements below: each holder adds two of them.
        value, of = chain.value, canonical_bytes(list(chain.of)).decode()
        said = '"count":0'
        if value is not None:
            said = (
                f'"count":{value.count},"head":"{value.head_leaf_hash.hex()}",'
                f'"last_index":{value.last_index}'
            )
        text = f'{{"chain":{{{said},"of":{of},"tag":"{chain.tag.hex()}"}}}}\n'
        yield text.encode()


def entry_lines(plan: Plan, sayings: Iterable[Saying]) -> Iterator[bytes]:
    """The lines of `entries.ndjson`, each with its line feed.

    Args:
        sayings: the statements of `plan.order()`, in that order.
    """
    chains = {chain.tag: _Left(chain.leaves) for chain in plan.chains}
    shown = plan.shown()
    for saying in sayings:
        rows = shown[saying.statement_id]
        for tag in sorted(tag for _, tag in rows):
            yield from _closed_lines(tag, chains[tag].until(plan.opened))
        yield _said_line(saying, [row for row, _ in rows])
        for line in saying.lines:
            yield _shown_line(line)
        for serials in _parts(saying.serials, SERIALS_A_LINE):
            yield _line({"serials": list(serials)})
    for tag in sorted(chains):
        yield from _closed_lines(tag, chains[tag].until(plan.opened))


def map_pieces(plan: Plan, prove: Callable[[bytes], MapProof]) -> Iterator[bytes]:
    """The bytes of `map.bin`; `prove` answers from the map under the checkpoint."""
    chains = sorted(plan.chains, key=lambda chain: chain.tag)
    return share_map(
        [(chain.tag, prove(chain.tag), chain.value is not None) for chain in chains]
    )


def tree_pieces(plan: Plan, source: HashSource) -> Iterator[bytes]:
    """The bytes of `tree.bin`; `source` has the leaves under the checkpoint."""
    indices = {row.index for rows in plan.shown().values() for row, _ in rows}
    wanted = sorted(indices | {plan.tree_size - 1})
    return share_tree(source, wanted, tree_size=plan.tree_size)


def assemble(
    out: Sink,
    plan: Plan,
    members: Sequence[tuple[Packed, IO[bytes]]],
    scratch: IO[bytes],
) -> bytes:
    """Write the zip: the manifest, made here, and the members as they were packed.

    Args:
        members: in the order of `zipform.METHODS`, each with the file that has it.
        scratch: an empty file for the packed manifest.

    Returns:
        SHA-256 of the manifest: it names the bundle whatever packed it.
    """
    manifest = Manifest(
        form=plan.form,
        ledger=plan.ledger,
        genesis=plan.genesis,
        lots=tuple(sorted(plan.lots)),
        recall=plan.recall,
        map_root=plan.map_root,
        members=tuple(
            MemberInfo(packed.header.name, packed.header.size, packed.digest)
            for packed, _ in members
        ),
    )
    packer = Packer(MANIFEST, scratch)
    packer.write(manifest.format())
    packed = packer.finish()
    scratch.seek(0)
    write_zip(out, [(packed, scratch), *members])
    return packed.digest


class _Left:
    """The leaves of a chain that were not written yet."""

    def __init__(self, leaves: Sequence[LeafRow]) -> None:
        self._leaves = leaves
        self._at = 0

    def until(self, opened: frozenset[str]) -> list[LeafRow]:
        """The closed leaves up to the next opened one, which is passed, too."""
        start = self._at
        while self._at < len(self._leaves):
            self._at += 1
            if self._leaves[self._at - 1].statement_id in opened:
                return list(self._leaves[start : self._at - 1])
        return list(self._leaves[start:])


def _closed_lines(tag: bytes, rows: Sequence[LeafRow]) -> Iterator[bytes]:
    for part in _parts(rows, CLOSED_A_LINE):
        leaves: list[JsonValue] = [_closed(row) for row in part]
        yield _line({"closed": {"tag": tag.hex(), "leaves": leaves}})


def _closed(row: LeafRow) -> dict[str, JsonValue]:
    made: dict[str, JsonValue] = {
        "type": int(row.leaf.kind),
        "time_ms": row.leaf.time_ms,
        "commitment": row.leaf.commitment.hex(),
    }
    if row.by is not None:
        made["by"] = {"role": row.by[0], "country": row.by[1]}
    return made


def _said_line(saying: Saying, rows: Sequence[LeafRow]) -> bytes:
    # Put together by hand: the envelope is in its one form already, and parsing
    # a million serials again to write them again would be most of the work.
    first = rows[0]
    salts: list[JsonValue] = [
        {"position": position, "salt": format_base64(saying.salts[position])}
        for position in sorted(row.position for row in rows)
    ]
    parts = [
        b'"accepted_ms":%d' % saying.accepted_ms,
        b'"envelope":' + saying.envelope,
        b'"index":%d' % (first.index - first.position),
        *_ranges(saying.ranges),
        b'"salts":' + canonical_bytes(salts),
        *(
            [b'"seed":"%b"' % format_base64(saying.seed).encode()]
            if saying.seed
            else []
        ),
        b'"time_ms":%d' % first.leaf.time_ms,
    ]
    return b'{"said":{' + b",".join(parts) + b"}}\n"


def _shown_line(line: LineRow) -> bytes:
    parts = [b'"line":%d' % line.number, *_ranges(line.ranges), b'"said":' + line.said]
    return b'{"line":{' + b",".join(parts) + b"}}\n"


def _ranges(ranges: Mapping[bytes, Ranges]) -> list[bytes]:
    if not ranges:
        return []
    made: dict[str, JsonValue] = {
        tag.hex(): [[first, last] for first, last in stated]
        for tag, stated in ranges.items()
    }
    return [b'"ranges":' + canonical_bytes(made)]


def _parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def _line(value: JsonValue) -> bytes:
    return canonical_bytes(value) + b"\n"

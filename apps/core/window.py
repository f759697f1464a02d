"""A stretch of the log under a head: what shows that something is not there.

Times never fall from leaf to leaf. So the leaves from the last one before a moment to
the first one behind another moment are all there are between the two, and whatever a
receipt promised for that time stands among them or was dropped.

JSON: `{"format": "pharmatrace-window/v1", "first", "leaves": [hex], "left": [base64],
"right": [base64], "checkpoint": text}`. Source: docs/formats.md, "Window".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .canonical import JsonValue, parse_json
from .checkpoint import Checkpoint
from .encoding import format_time_ms
from .errors import MalformedInput, ProofError, located
from .fields import Fields
from .leaf import LEAF_SIZE, Leaf
from .merkle import HASH_SIZE, node_hash
from .note import Note
from .proof import MAX_PATH
from .strict import MAX_INT64, format_base64

WINDOW_FORMAT: Final = "pharmatrace-window/v1"
MAX_LEAVES: Final = 100_000
_MAX_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive leaves of a log, and the hashes around them.

    Args:
        first: index of the first leaf.
        left, right: roots of the perfect subtrees on both sides, from left to right.
        checkpoint: the note, verbatim; its signatures are not checked here.
    """

    first: int
    leaves: tuple[Leaf, ...]
    left: tuple[bytes, ...]
    right: tuple[bytes, ...]
    checkpoint: bytes

    @property
    def head(self) -> Checkpoint:
        """Size and root that the window is under."""
        return Checkpoint.parse(Note.parse(self.checkpoint).text)

    @property
    def end(self) -> int:
        """The index behind the last leaf."""
        return self.first + len(self.leaves)

    def to_json(self) -> dict[str, JsonValue]:
        """The file, as JSON."""
        return {
            "format": WINDOW_FORMAT,
            "first": self.first,
            "leaves": [leaf.encode().hex() for leaf in self.leaves],
            "left": [format_base64(each) for each in self.left],
            "right": [format_base64(each) for each in self.right],
            "checkpoint": self.checkpoint.decode(),
        }


def parse_window(data: bytes) -> Window:
    """Read a window; nothing is verified here.

    Raises:
        MalformedInput: another format, an unknown field, a value that cannot be read.
    """
    value = parse_json(data, max_bytes=_MAX_BYTES, field="window")
    with located("window"):
        fields = Fields(value, where="")
    fields.word("format", frozenset({WINDOW_FORMAT}))
    window = Window(
        first=fields.integer("first"),
        leaves=fields.each("leaves", _read_leaf, least=1, most=MAX_LEAVES),
        left=fields.each("left", _read_hash, most=MAX_PATH),
        right=fields.each("right", _read_hash, most=MAX_PATH),
        checkpoint=fields.string("checkpoint").encode(),
    )
    fields.close()
    Checkpoint.parse(Note.parse(window.checkpoint).text)
    return window


def verify_window(window: Window) -> None:
    """Check that the window is what stands there under its head, and times never fall.

    Raises:
        ProofError: `bad_window`: not as many hashes as its place demands;
            `root_mismatch`; `time_runs_back`.
    """
    head = window.head
    root = _root_of(window, head.tree_size)
    if root != head.root_hash:
        raise ProofError("root_mismatch", got=root.hex(), wanted=head.root_hash.hex())
    for number, (before, after) in enumerate(pairwise(window.leaves), start=1):
        if before.time_ms > after.time_ms:
            raise ProofError(
                "time_runs_back",
                field=f"leaves[{number}]",
                got=format_time_ms(after.time_ms),
                wanted=f"not before {format_time_ms(before.time_ms)}",
            )


def right_parts(end: int, tree_size: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees, as (level, index), that cover [end, tree_size)."""
    while end < tree_size:
        aligned = (end & -end).bit_length() - 1 if end else MAX_INT64.bit_length()
        level = min(aligned, (tree_size - end).bit_length() - 1)
        yield level, end >> level
        end += 1 << level


def _root_of(window: Window, tree_size: int) -> bytes:
    first, end = window.first, window.end
    levels = [level for level in range(first.bit_length())[::-1] if first >> level & 1]
    parts = list(right_parts(end, tree_size))
    if end > tree_size or (len(window.left), len(window.right)) != (
        len(levels),
        len(parts),
    ):
        raise ProofError(
            "bad_window",
            got=f"{len(window.left)} and {len(window.right)} hashes around",
            wanted=f"{len(levels)} and {len(parts)}",
        )
    nodes: list[tuple[int, bytes]] = []
    for level, part in zip(levels, window.left, strict=True):
        _push(nodes, level, part)
    for leaf in window.leaves:
        _push(nodes, 0, leaf.leaf_hash)
    for (level, _), part in zip(parts, window.right, strict=True):
        _push(nodes, level, part)
    _, root = nodes.pop()
    while nodes:
        root = node_hash(nodes.pop()[1], root)
    return root


def _push(nodes: list[tuple[int, bytes]], level: int, part: bytes) -> None:
    """Put a subtree's root at the right; two of one level become one above."""
    while nodes and nodes[-1][0] == level:
        part = node_hash(nodes.pop()[1], part)
        level += 1
    nodes.append((level, part))


def _read_leaf(fields: Fields, name: str) -> Leaf:
    return Leaf.decode(fields.hexed(name, size_bytes=LEAF_SIZE))


def _read_hash(fields: Fields, name: str) -> bytes:
    data = fields.based(name, most_bytes=HASH_SIZE)
    if len(data) != HASH_SIZE:
        raise MalformedInput("bad_length", field=fields.path(name), wanted="32 bytes")
    return data

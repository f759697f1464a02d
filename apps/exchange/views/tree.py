"""An inclusion proof as a drawing: the way from an entry up to the root that is signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from apps.core.merkle import node_hash

# Units of the drawing; it is scaled to its place.
_SPREAD: Final = 96  # between a node and its sibling
_RISE: Final = 60  # from a level to the one above
_MARGIN: Final = 96  # room for the hashes beside the nodes
_LABEL: Final = 14


@dataclass(frozen=True, slots=True)
class Node:
    """One hash: on the path (it is computed), or a sibling (the proof brings it)."""

    x: int
    y: int
    hash: str
    is_path: bool
    label_x: int
    anchor: str  # where its text ends: start or end
    step: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from a node to the one above it."""

    x1: int
    y1: int
    x2: int
    y2: int
    is_path: bool
    step: int


@dataclass(frozen=True, slots=True)
class Tree:
    """The drawing: nodes over edges, in a box."""

    left: int
    width: int
    height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    root: str


def draw_tree(
    *, leaf_hash: bytes, index: int, tree_size: int, path: Sequence[bytes]
) -> Tree:
    """The drawing of a proof that was verified or made here.

    Source: RFC 9162 section 2.1.3.2, which says on which side each hash stands.
    """
    height = len(path) * _RISE + _MARGIN
    nodes: list[Node] = []
    edges: list[Edge] = []
    x, lit = 0, leaf_hash
    for step, (sibling, is_left) in enumerate(_sides(index, tree_size, path)):
        y = height - _MARGIN // 2 - step * _RISE
        side = -1 if is_left else 1
        other, above = x + side * _SPREAD, x + side * _SPREAD // 2
        nodes += [
            _node(x, y, lit, is_path=True, side=-side, step=step),
            _node(other, y, sibling, is_path=False, side=side, step=step),
        ]
        edges += [
            Edge(other, y, above, y - _RISE, is_path=False, step=step),
            Edge(x, y, above, y - _RISE, is_path=True, step=step),
        ]
        lit = node_hash(sibling, lit) if is_left else node_hash(lit, sibling)
        x = above
    nodes.append(_node(x, _MARGIN // 2, lit, is_path=True, side=1, step=len(path)))
    left = min(node.x for node in nodes) - _MARGIN
    right = max(node.x for node in nodes) + _MARGIN
    return Tree(left, right - left, height, tuple(nodes), tuple(edges), lit.hex())


def _node(x: int, y: int, value: bytes, *, is_path: bool, side: int, step: int) -> Node:
    anchor = "end" if side < 0 else "start"
    return Node(x, y, value.hex(), is_path, x + side * _LABEL, anchor, step)


def _sides(
    index: int, tree_size: int, path: Sequence[bytes]
) -> Iterator[tuple[bytes, bool]]:
    """Each hash of the path and whether it stands to the left."""
    at, last = index, tree_size - 1
    for sibling in path:
        is_left = bool(at & 1) or at == last
        yield sibling, is_left
        if is_left:
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1

"""The containers around packs and below names: a part of two questions."""

from __future__ import annotations

from typing import Final

from apps.custody.formats import CHUNK

_ZEROS: Final = {
    "postgresql": f"decode(repeat('00', {4 * CHUNK}), 'hex')",
    "sqlite": f"zeroblob({4 * CHUNK})",
}
# From `loose` (batch_id, ordinal) and `start` (epc): the containers around and below.
_TREE: Final = """
boxed AS MATERIALIZED (
  SELECT f.batch_id, f.chunk_no, f.containers FROM custody_forwardchunk f
  JOIN (SELECT DISTINCT batch_id, ordinal / {chunk} AS chunk_no FROM loose) t
    ON t.batch_id = f.batch_id AND t.chunk_no = f.chunk_no
  WHERE f.containers <> {zeros}),
innermost(id) AS (
  SELECT DISTINCT vector_at(b.containers, CAST(l.ordinal %% {chunk} AS integer))
  FROM loose l JOIN boxed b
    ON b.batch_id = l.batch_id AND b.chunk_no = l.ordinal / {chunk}),
seeds(id) AS MATERIALIZED (
  SELECT c.id FROM start s JOIN custody_container c ON c.epc = s.epc
  UNION SELECT id FROM innermost WHERE id <> 0),
"""
_AROUND: Final = {
    # As a function: the planner guesses that recursion finds very much.
    "postgresql": "tree(id) AS MATERIALIZED ("
    "SELECT t.id FROM container_trees(ARRAY(SELECT id FROM seeds)) t(id)"
    " WHERE EXISTS (SELECT FROM seeds))",
    "sqlite": """
up(id, parent_id) AS (
  SELECT c.id, c.parent_id FROM seeds s JOIN custody_container c ON c.id = s.id
  UNION SELECT c.id, c.parent_id FROM up JOIN custody_container c
    ON c.id = up.parent_id),
tree(id) AS (
  SELECT id FROM up
  UNION SELECT c.id FROM tree t JOIN custody_container c ON c.parent_id = t.id)
""",
}


def tree_sql(vendor: str) -> str:
    """SQL of `tree` (id), from `loose` and `start` of the same question."""
    return _TREE.format(chunk=CHUNK, zeros=_ZEROS[vendor]) + _AROUND[vendor]

"""What shows, to whoever may read its statement, that a step moved a pack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.core.events import EventLine as SaidLine
from apps.core.events import line_leaf, parse_lines
from apps.core.statement import parse_statement
from apps.core.strict import format_base64
from apps.core.subjects import EventsRoot
from apps.core.tree import MemoryTree, inclusion_path
from apps.custody.formats import ranges, to_set
from apps.custody.models import EventLine
from apps.custody.queries.proofs import find_statement_proof
from apps.custody.queries.sums import moved
from apps.custody.queries.units import Link
from apps.custody.references import events_of
from apps.ledger import queries as ledger


def find_step_proof(link: Link, *, batch_id: int) -> dict[str, Any] | None:
    """What shows that one step moved its packs of the batch, as a pack proof has it.

    None until it is anchored, where it was erased, and where what the step moved is
    not to the letter what was signed.

    Raises:
        IntegrityBreach: a published file of the log is missing.
    """
    proof = find_statement_proof(link.statement_id)
    vault = ledger.find_vault(link.statement_id)
    sets = _sets_by_ref(link.statement_id, batch_id)
    if proof is None or vault is None or link.ref not in sets:
        return None
    tag = bytes(catalog.get_batch(batch_id).tag)
    subjects = parse_statement(bytes(vault.payload)).subjects
    subject = next((each for each in subjects if each.tag == tag), None)
    units = sets[link.ref]
    step = {"proof": proof, "ranges": [list(pair) for pair in ranges(units)]}
    if subject is None:
        return None
    if subject.events is None:
        return step if subject.moved == moved(units) else None
    line = _find_line(
        parse_lines(bytes(vault.lines or b"")), subject.events, sets, link
    )
    return None if line is None else {**step, "line": line}


def _sets_by_ref(statement_id: str, batch_id: int) -> dict[str, BitMap]:
    """What each event of a statement moved in the batch."""
    sets: dict[str, BitMap] = {}
    rows = EventLine.objects.filter(
        event__ref__range=events_of(statement_id), batch_id=batch_id
    ).values_list("event__ref", "units")
    for ref, units in rows:
        sets[ref] = sets.get(ref, BitMap()) | to_set(units)
    return sets


def _find_line(
    lines: tuple[SaidLine, ...],
    signed: EventsRoot,
    sets: Mapping[str, BitMap],
    link: Link,
) -> dict[str, Any] | None:
    """The link's line in the tree of the batch's lines; None if it is not the signed
    one.
    """
    refs = {line.number: f"{link.statement_id}#{line.number}" for line in lines}
    touching = [line for line in lines if refs[line.number] in sets]
    tree = MemoryTree(_leaf(line, sets[refs[line.number]]) for line in touching)
    if (tree.size, tree.root()) != (signed.size, signed.root):
        return None
    index = [refs[line.number] for line in touching].index(link.ref)
    line = touching[index]
    path = inclusion_path(tree, index=index, tree_size=tree.size)
    return {
        "number": line.number,
        "event": dict(line.event_json),
        "parents": [parent.text for parent in line.parents],
        "index": index,
        "path": [format_base64(each) for each in path],
    }


def _leaf(line: SaidLine, units: BitMap) -> bytes:
    return line_leaf(
        number=line.number,
        event=line.event_json,
        parents=line.parents,
        moved=moved(units),
    )

"""Containers as rows: found by number, read with everything around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyroaring import BitMap

from apps.core.custody import Place
from apps.core.epcis import PackEpc, parse_epc
from apps.custody.formats import (
    chunk_numbers,
    read_vector,
    rows_at,
    to_set,
    within,
)
from apps.custody.models import Container, ContainerLine, ForwardChunk

_AT_ONCE = 900


@dataclass(slots=True)
class Trees:
    """Whole trees of containers: roots, everything below, and what is inside.

    Each row has its `parent` at hand.
    """

    rows: dict[int, Container] = field(default_factory=dict)
    units: dict[int, dict[int, BitMap]] = field(default_factory=dict)


def find_by_epc(epcs: Iterable[str]) -> dict[str, Container]:
    """The containers with these EPCs; unknown ones are absent."""
    return {row.epc: row for row in Container.objects.filter(epc__in=set(epcs))}


def place_of(row: Container) -> Place:
    """Where a container is: where the outermost around it stands.

    One that leads back to itself, by rows that somebody changed, is nowhere.
    """
    seen = {row.pk}
    while row.parent is not None and row.parent_id not in seen:
        row = row.parent
        seen.add(row.pk)
    return Place(row.holder, row.site, row.status)


def link_parents(rows: Mapping[int, Container]) -> None:
    """Have every container of these know its parent, which is one of them.

    One that is not, where somebody has deleted its row, is none: `fsck` names it.
    """
    for row in rows.values():
        if row.parent_id is not None:
            row.parent = rows.get(row.parent_id)


def case_serials(*, gtin: str) -> set[str]:
    """Serials under which cases of this GTIN were opened; mostly none."""
    stem = PackEpc(gtin, "").uri
    rows = Container.objects.filter(epc__startswith=stem).values_list("epc", flat=True)
    return {epc.serial for row in rows if isinstance(epc := parse_epc(row), PackEpc)}


def units_of(container_ids: Iterable[int]) -> dict[int, dict[int, BitMap]]:
    """Units inside, by container row and batch row."""
    found: dict[int, dict[int, BitMap]] = {}
    for part in _parts(container_ids):
        for line in ContainerLine.objects.filter(container_id__in=part):
            found.setdefault(line.container_id, {})[line.batch_id] = to_set(line.units)
    return found


def innermost_of(*, batch_id: int, units: BitMap) -> set[int]:
    """Rows of the containers in which any of the units is innermost."""
    found: set[int] = set()
    numbers = chunk_numbers(units)
    for part in _parts(numbers):
        rows = ForwardChunk.objects.filter(batch_id=batch_id, chunk_no__in=part)
        for number, vector in rows.values_list("chunk_no", "containers"):
            found |= rows_at(read_vector(vector), within(units, number))
    return found


def load_trees(*, container_ids: Iterable[int]) -> Trees:
    """The trees that the given containers stand in, from root to leaves."""
    trees = Trees()
    _climb(trees, set(container_ids))
    _descend(trees)
    link_parents(trees.rows)
    trees.units = units_of(trees.rows)
    return trees


def epcs_around(*, batch_id: int, units: BitMap) -> set[str]:
    """The containers in which any of the units is innermost, by EPC."""
    found: set[str] = set()
    for part in _parts(innermost_of(batch_id=batch_id, units=units)):
        rows = Container.objects.filter(pk__in=part)
        found.update(rows.values_list("epc", flat=True))
    return found


def _climb(trees: Trees, wanted: set[int]) -> None:
    while wanted:
        rows = [
            row
            for part in _parts(wanted)
            for row in Container.objects.filter(pk__in=part)
        ]
        trees.rows.update({row.pk: row for row in rows})
        wanted = {row.parent_id for row in rows if row.parent_id} - set(trees.rows)


def _descend(trees: Trees) -> None:
    parents = set(trees.rows)
    while parents:
        rows = [
            row
            for part in _parts(parents)
            for row in Container.objects.filter(parent_id__in=part)
        ]
        fresh = {row.pk: row for row in rows if row.pk not in trees.rows}
        trees.rows.update(fresh)
        parents = set(fresh)


def _parts(keys: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]

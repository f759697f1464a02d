"""Compare what the replay of the law says with what the tables hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.catalog.models import Batch
from apps.core.custody import Batch as Replayed
from apps.core.custody import HoldKey, Place
from apps.core.errors import TraceError
from apps.custody.formats import CHUNK, chunk_numbers, read_vector, to_set, whole
from apps.custody.models import (
    BatchHold,
    Container,
    ContainerLine,
    ForwardChunk,
    Holding,
    RecallScope,
    SerialNumber,
)
from apps.custody.queries.archived import count_archived, iter_archived
from apps.custody.queries.compare_events import EventChecker
from apps.custody.queries.compare_recalls import compare_recalls
from apps.custody.queries.containers import link_parents, place_of, units_of
from apps.custody.queries.replay import Replay


def replay_check() -> Iterator[str]:
    """Every place where the stored projections differ from the replayed law."""
    replay = Replay()
    events = EventChecker(replay)
    try:
        replay.begin()
        yield from _readable("closing", events.check_closed())
        for judged in replay.run():
            yield from events.check(judged)
        yield from events.finish()
    except TraceError as error:
        yield from events.finish()
        yield f"replay stopped: {error.sentence()}"
        return
    tags = {bytes(b.tag).hex(): b for b in catalog.list_all_batches()}
    for tag in sorted(set(tags) | set(replay.state.batches)):
        name = f"batch {tag[:16]}"
        if tag not in tags or tag not in replay.state.batches:
            yield f"{name}: in one of ledger and tables only"
            continue
        found = _compare_batch(tags[tag], replay.state.batches[tag], replay)
        yield from _readable(name, found)
    numbers = {b.pk: tag for tag, b in tags.items()}
    yield from _readable("containers", _compare_containers(replay, numbers))
    yield from _readable("events", events.check_rest())
    yield from compare_recalls(replay)
    yield from _compare_totals(replay)


def _readable(name: str, found: Iterator[str]) -> Iterator[str]:
    """What was found, up to a row that cannot be read at all."""
    try:
        yield from found
    except TraceError as error:
        yield f"{name}: {error.sentence()}"


def _compare_totals(replay: Replay) -> Iterator[str]:
    """What stands in the registry beside all batches."""
    found = SerialNumber.objects.count() + count_archived()
    wanted = sum(map(len, replay.serials.values()))
    if found != wanted:
        yield f"registry: {found} serials, {wanted} commissioned"


def _compare_batch(
    row: Batch, batch: Replayed[BitMap], replay: Replay
) -> Iterator[str]:
    name = f"batch {row.product.gtin} lot {row.lot}"
    if row.size != batch.size:
        yield f"{name}: size {row.size}, replayed {batch.size}"
    found = {}
    for held in Holding.objects.filter(batch=row):
        units = to_set(held.units)
        if units:
            found[Place(held.holder, held.site, held.status)] = units
        if len(units) != held.count:
            yield f"{name}: holding {held.pk} counts {held.count}, holds {len(units)}"
    for place in sorted(set(found) | set(batch.holdings)):
        if found.get(place) != batch.holdings.get(place):
            yield f"{name}: units {place.status} at {place.holder} differ"
    yield from _compare_flags(row, batch, name)
    yield from _compare_registry(row, replay.serials.get(batch.tag, []), name)
    yield from _compare_vectors(row, name)


def _compare_flags(row: Batch, batch: Replayed[BitMap], name: str) -> Iterator[str]:
    recalled = BitMap()
    for scope in RecallScope.objects.filter(batch=row):
        recalled |= whole(row.size) if scope.is_whole else to_set(scope.units)
    if recalled != batch.recalled:
        yield f"{name}: recalled units differ"
    rows = BatchHold.objects.filter(batch=row)
    held = {HoldKey(h.owner, h.reason): to_set(h.units) for h in rows}
    held = {key: units for key, units in held.items() if units}
    if held != {key: units for key, units in batch.held.items() if units}:
        yield f"{name}: units on hold differ"


def _compare_registry(row: Batch, serials: list[str], name: str) -> Iterator[str]:
    rows = SerialNumber.objects.filter(product_id=row.product_id, batch_id=row.pk)
    count = 0
    warm = rows.values_list("serial", "ordinal").iterator()
    for serial, ordinal in chain(warm, iter_archived(row.pk)):
        count += 1
        if ordinal >= len(serials) or serials[ordinal] != serial:
            yield f"{name}: the registry differs from the serials commissioned, {serial}"
    if count != len(serials):
        yield f"{name}: the registry has {count} of {len(serials)} serials commissioned"


def _compare_vectors(row: Batch, name: str) -> Iterator[str]:
    wanted: dict[int, int] = {}
    for held in Holding.objects.filter(batch=row, count__gt=0):
        wanted.update(dict.fromkeys(to_set(held.units), held.pk))
    boxes = _innermost(row)
    numbers = ForwardChunk.objects.filter(batch=row).order_by("chunk_no")
    if list(numbers.values_list("chunk_no", flat=True)) != chunk_numbers(
        whole(row.size)
    ):
        yield f"{name}: vectors of chunks are missing"
    for chunk in ForwardChunk.objects.filter(batch=row).order_by("chunk_no"):
        for stored, units in ((chunk.holdings, wanted), (chunk.containers, boxes)):
            offset = _first_difference(stored, units, chunk.chunk_no * CHUNK)
            if offset is not None:
                yield f"{name}: vector of chunk {chunk.chunk_no} differs at {offset}"


def _first_difference(
    stored: bytes | memoryview, wanted: Mapping[int, int], base: int
) -> int | None:
    for offset, row_id in enumerate(read_vector(stored)):
        if row_id != wanted.get(base + offset, 0):
            return offset
    return None


def _innermost(row: Batch) -> dict[int, int]:
    """The smallest container around each unit of the batch that is in any."""
    lines = list(ContainerLine.objects.filter(batch=row).select_related("container"))
    parents = {line.container_id: line.container.parent_id for line in lines}
    found: dict[int, int] = {}
    # Outermost first, so that the inner ones are written over them.
    for line in sorted(lines, key=lambda line: _depth(line.container_id, parents)):
        found.update(dict.fromkeys(to_set(line.units), line.container_id))
    return found


def _depth(container_id: int, parents: Mapping[int, int | None]) -> int:
    depth, parent = 0, parents.get(container_id)
    # Rows that somebody changed may lead back to themselves.
    while parent is not None and depth < len(parents):
        depth, parent = depth + 1, parents.get(parent)
    return depth


def _compare_containers(replay: Replay, tags: dict[int, str]) -> Iterator[str]:
    for line in ContainerLine.objects.select_related("container"):
        if line.count != len(to_set(line.units)):
            yield f"container {line.container.epc}: counts differ"
    by_pk = {row.pk: row for row in Container.objects.all()}
    link_parents(by_pk)
    rows = {row.epc: row for row in by_pk.values()}
    inside = units_of(by_pk)
    for epc in sorted(set(rows) | set(replay.state.containers)):
        row, box = rows.get(epc), replay.state.containers.get(epc)
        if row is None or box is None:
            yield f"container {epc}: in one of ledger and tables only"
            continue
        held = inside.get(row.pk, {})
        if not held.keys() <= tags.keys():
            yield f"container {epc}: holds units of a batch that has no row"
            continue
        found = {tags[key]: units for key, units in held.items()}
        parent = row.parent.epc if row.parent else None
        if (found, parent, place_of(row)) != (box.units, box.parent, box.place):
            yield f"container {epc}: differs"

"""Label runs, read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from pyroaring import BitMap

from apps.custody.queries.registry import serials_of
from apps.packaging.formats.label_sheets import is_packed
from apps.packaging.formats.labels import Numbered
from apps.packaging.models import LabelRun, RunKind
from apps.partners.queries import Actor
from apps.pools.formats import to_set
from apps.pools.queries import iter_chosen
from apps.scan.labels.pack import Pack

_AT_ONCE: Final = 20_000


def visible_to(actor: Actor) -> QuerySet[LabelRun]:
    """The label runs of the actor's organisation."""
    if actor.partner is None:
        return LabelRun.objects.none()
    return LabelRun.objects.filter(partner=actor.partner)


def find_run(*, run_id: UUID, actor: Actor) -> LabelRun | None:
    """The actor's run with this id, or None."""
    return visible_to(actor).filter(pk=run_id).first()


def iter_labels(run: LabelRun) -> Iterator[Numbered]:
    """The labels of a run by number, some at a time in memory."""
    units = to_set(run.units)
    if run.pool_id is not None:
        numbered = iter_chosen(pool_id=run.pool_id, units=units)
    else:
        numbered = _of_batch(run.batch_id or 0, units)
    for number, serial in numbered:
        yield (
            number + 1,
            Pack(
                product="",
                gtin=run.gtin,
                lot=run.lot,
                serial=serial,
                expiry_date=run.expiry_date,
            ),
        )


def file_name(run: LabelRun) -> str:
    """Under which name the labels are saved."""
    ending = "zip" if run.kind == RunKind.PDF and is_packed(run.count) else run.kind
    return f"labels-{run.gtin}-{run.created_at:%Y%m%d-%H%M%S}.{ending}"


def _of_batch(batch_id: int, units: BitMap) -> Iterator[tuple[int, str]]:
    ordinals = iter(units)
    while part := list(islice(ordinals, _AT_ONCE)):
        yield from serials_of(batch_id=batch_id, ordinals=part).items()

"""Recalls, notices and answers as rows; which units they mean; who may see which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from pyroaring import BitMap

from apps.catalog.models import Batch
from apps.core.recall import Scope, parse_scope
from apps.custody.formats import whole
from apps.custody.queries.holders import ever_held, ever_held_among
from apps.custody.queries.scopes import batches_in_scope, units_in_scope
from apps.partners.formats import as_datetime
from apps.partners.queries import Actor, get_genesis
from apps.recalls.formats import ANSWER_WITHIN
from apps.recalls.models import Answer, Notice, Recall, RecallChange


@dataclass(frozen=True, slots=True)
class Meant:
    """The units of one batch that a recall means."""

    batch: Batch
    units: BitMap


def is_regulator(gln: str) -> bool:
    """Whether genesis names the party as a regulator."""
    return any(
        each.gln == gln and each.role == "regulator"
        for each in get_genesis().authorities
    )


def units_meant(*, product_id: int, scope: Scope) -> list[Meant]:
    """The existing units that a scope means, by batch, in the order of rows."""
    return [
        Meant(
            batch,
            units_in_scope(batch_id=batch.pk, scope=scope)
            if scope.names_serials
            else whole(batch.size),
        )
        for batch in batches_in_scope(product_id=product_id, scope=scope)
    ]


def units_of(recall: Recall) -> list[Meant]:
    """The units that a recall means, a closed one too: as its scope said last."""
    return units_meant(product_id=recall.product_id, scope=parse_scope(recall.scope))


def answerable(*, recall: Recall, batch: Batch, gln: str) -> BitMap:
    """The recalled units of a batch that a partner holds or held: what it answers for."""
    held = ever_held(batch_id=batch.pk, gln=gln)
    for meant in units_of(recall):
        if meant.batch.pk == batch.pk:
            return meant.units & held
    return BitMap()


def visible_to(actor: Actor) -> QuerySet[Recall]:
    """Recalls in `actor`'s list: all for the regulator; opened by it, or told to it."""
    rows = Recall.objects.select_related("product__brand_owner", "opened_by")
    if not actor.is_member:
        return rows.none()
    if actor.is_regulator:
        return rows
    told = Notice.objects.filter(recall=OuterRef("pk"), partner=actor.partner)
    own = Q(opened_by=actor.partner) | Q(product__brand_owner=actor.partner)
    return rows.filter(own | Exists(told))


def find_visible(*, recall_id: str, actor: Actor) -> Recall | None:
    """The recall if `actor` may see it; None if it is foreign or missing.

    A holder sees it from the first moment, before a job has written its notice.
    """
    told = visible_to(actor).filter(pk=recall_id).first()
    if told is not None or not actor.is_member:
        return told
    rows = Recall.objects.select_related("product__brand_owner", "opened_by")
    found = rows.filter(pk=recall_id).first()
    if found is not None and concerns(recall=found, gln=actor.gln):
        return found
    return None


def concerns(*, recall: Recall, gln: str) -> bool:
    """Whether the partner holds or held a unit that the recall means."""
    return any(ever for _, ever in ever_of(units_of(recall), gln))


def ever_of(meant: list[Meant], gln: str) -> list[tuple[Batch, BitMap]]:
    """The meant units that a partner holds or held, batch by batch."""
    batch_ids = [each.batch.pk for each in meant]
    held = ever_held_among(batch_ids=batch_ids, glns=[gln])
    return [
        (each.batch, each.units & held[each.batch.pk])
        for each in meant
        if each.batch.pk in held
    ]


def sees_all_holders(*, recall: Recall, actor: Actor) -> bool:
    """Whether `actor` sees every holder: the opener, the brand owner, the regulator."""
    owners = (recall.opened_by_id, recall.product.brand_owner_id)
    is_own = actor.partner is not None and actor.partner.pk in owners
    return is_own or actor.is_regulator


def notices_of(*, recall: Recall, actor: Actor) -> list[Notice]:
    """What the actor's own organisation was told, by lot."""
    rows = Notice.objects.filter(recall=recall, partner=actor.partner)
    return list(rows.select_related("batch").order_by("batch__lot"))


def with_own_notices(rows: QuerySet[Recall], actor: Actor) -> QuerySet[Recall]:
    """The same recalls, each with `own_notices`: what the actor was told, by lot."""
    own = Notice.objects.filter(partner=actor.partner).select_related("batch")
    return rows.select_related("product__brand_owner", "opened_by").prefetch_related(
        Prefetch("notices", own.order_by("batch__lot"), to_attr="own_notices")
    )


def list_changes(*, recall: Recall) -> list[RecallChange]:
    """Amendments and the end, the first one first."""
    rows = RecallChange.objects.filter(recall=recall).select_related("by")
    return list(rows.order_by("at_ms", "pk"))


def may_change(*, recall: Recall, gln: str) -> bool:
    """Whether the party may amend or close the recall: it is open, and its own."""
    is_own = recall.opened_by.gln == gln or is_regulator(gln)
    return is_own and recall.closed_ms is None


def open_notices(*, glns: Iterable[str]) -> QuerySet[Notice]:
    """Notices of open recalls about units of these partners that nobody answered."""
    answered = Answer.objects.filter(
        recall=OuterRef("recall"), partner=OuterRef("partner"), batch=OuterRef("batch")
    )
    has_units = Q(held_count__gt=0) | Q(supplied_count__gt=0)
    return Notice.objects.filter(
        has_units,
        ~Exists(answered),
        partner__gln__in=list(glns),
        recall__closed_ms=None,
    )


def count_open_notices(gln: str) -> int:
    """How many notices wait for an answer of the partner."""
    return open_notices(glns=[gln]).count()


def answer_due(recall: Recall) -> datetime:
    """Until when holders are expected to answer."""
    opened = as_datetime(recall.opened_ms)
    return opened + ANSWER_WITHIN[recall.recall_class]

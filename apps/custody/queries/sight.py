"""Who may see which goods: the visibility rule at the end of DESIGN section 8.

A partner sees its own; the maker of a product sees every holder of its lots, because
it may recall them; the regulator sees all. The operator runs the site and sees none.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.catalog.models import Batch
from apps.custody.formats import to_set, whole
from apps.custody.models import Container, ContainerLine, Shipment, ShipmentLine
from apps.custody.queries.containers import place_of
from apps.custody.queries.holders import ever_held
from apps.partners.queries import Actor


@dataclass(frozen=True, slots=True)
class Sight:
    """A batch as somebody may see it.

    Attributes:
        sees_all: every holder and the number commissioned; else only `own`.
        own: the units that the reader holds or held; all of them for `sees_all`.
    """

    batch: Batch
    sees_all: bool
    own: BitMap


def find_sight(*, actor: Actor, gtin: str, lot: str) -> Sight | None:
    """The batch as `actor` sees it; None if it is foreign or missing."""
    batch = catalog.find_batch(gtin=gtin, lot=lot)
    if batch is None or not actor.is_member:
        return None
    if actor.is_regulator or batch.product.brand_owner.gln == actor.gln:
        return Sight(batch, sees_all=True, own=whole(batch.size))
    own = ever_held(batch_id=batch.pk, gln=actor.gln)
    announced = ShipmentLine.objects.filter(batch=batch, shipment__addressee=actor.gln)
    if not own and not announced.exists():
        return None
    return Sight(batch, sees_all=False, own=own)


def shipments_visible_to(actor: Actor) -> QuerySet[Shipment]:
    """Despatches that `actor` sends or gets; all of them for the regulator."""
    if actor.is_regulator:
        return Shipment.objects.all()
    if not actor.is_member:
        return Shipment.objects.none()
    return Shipment.objects.filter(Q(sender=actor.gln) | Q(addressee=actor.gln))


def find_container(*, actor: Actor, epc: str) -> Container | None:
    """The container, to whom holds it or is to receive it; None for anybody else."""
    row = Container.objects.select_related("parent__parent").filter(epc=epc).first()
    if row is None or not actor.is_member:
        return None
    place = place_of(row)
    if actor.is_regulator or place.holder == actor.gln:
        return row
    if place.status == "in_transit" and _comes_to(row, actor.gln):
        return row
    return None


def _comes_to(row: Container, gln: str) -> bool:
    inside = ContainerLine.objects.filter(container=row).values_list(
        "batch_id", "units"
    )
    for batch_id, units in inside[:1]:
        lines = ShipmentLine.objects.filter(
            batch_id=batch_id, shipment__addressee=gln, shipment__is_open=True
        )
        return any(
            to_set(units) <= to_set(still)
            for still in lines.values_list("open_units", flat=True)
        )
    return False

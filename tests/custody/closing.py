"""Goods old enough to be erased, and the closing that erases them."""

from datetime import UTC, date, datetime

from apps.anchoring import operations as anchoring
from apps.custody import operations
from apps.custody.formats import to_set
from apps.custody.models import Container, Event, EventLine, Holding, Shipment
from tests.cast import NOVAMED, OPERATOR, STELLA, Stage
from tests.custody.goods import Goods, box, pack, packs, serials
from tests.frozen import go_on

# Accepted 2027-03-01, good until 2029-02-28: six years end last.
AFTER = datetime(2033, 6, 1, 8, 0, tzinfo=UTC)
BASIS = "DSCSA 582: six years are over"
WISH = {"kind": "erasure"}


def old_goods(stage: Stage) -> Goods:
    """An old lot, all of it supplied or held, and in the log."""
    go_on(stage, "an old lot", _trade)
    anchoring.sequence(at=stage.tick())
    return Goods(stage)


def _trade(stage: Stage) -> None:
    told = Goods(stage)
    told.commission("OLD", count=40)
    told.fill(1, serials(20))
    told.deliver([box(1), *packs(serials(10, start=20))])
    told.do(STELLA, "unpack", container=box(1), items=packs(serials(2)))
    told.do(STELLA, "dispense", items=packs(serials(2)))
    wrong = told.do(NOVAMED, "destroy", items=[pack("S000035")]).statement_id
    told.do(NOVAMED, "correct", parents=[wrong])
    told.do(NOVAMED, "hold", items=[pack("S000036")])
    told.do(NOVAMED, "destroy", items=[pack("S000033")])


def young(told: Goods, at: datetime) -> str:
    """A lot of the day, packed into a case together with an old pack; that packing."""
    told.stage.at = at
    expiry = date(at.year + 2, 2, 28)
    told.commission("NEW", names=serials(30, start=500), expiry=expiry)
    told.do(NOVAMED, "new_container", container=box(9))
    items = packs([*serials(5, start=500), *serials(1, start=34)])
    packed = told.do(NOVAMED, "pack", container=box(9), items=items).statement_id
    anchoring.sequence(at=told.stage.tick())
    return packed


def close(told: Goods) -> str:
    operations.prepare_closing(legal_basis=BASIS, at=told.stage.tick())
    return told.stage.act(OPERATOR, WISH).statement_id


def everything() -> dict[str, list[tuple[object, ...]]]:
    """What the projections say, without numbers of rows."""
    return {
        "events": sorted(Event.objects.values_list("ref", "rule", "is_corrected")),
        "lines": sorted(
            (ref, bytes(tag).hex(), target, status, list(to_set(units)))
            for ref, tag, target, status, units in EventLine.objects.values_list(
                *("event__ref", "batch__tag", "target_holder", "target_status"),
                "units",
            )
        ),
        "holdings": sorted(
            (bytes(tag).hex(), holder, site, status, list(to_set(units)))
            for tag, holder, site, status, units in Holding.objects.filter(
                count__gt=0
            ).values_list("batch__tag", "holder", "site", "status", "units")
        ),
        "containers": sorted(
            Container.objects.values_list(
                *("epc", "holder", "site", "status"), "parent__epc", "lines__count"
            ),
            key=str,
        ),
        "shipments": sorted(
            Shipment.objects.values_list(
                "event__ref", "addressee", "is_open", "lines__open_count"
            )
        ),
    }

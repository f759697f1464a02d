"""Every event of the law, built once."""

from datetime import date

from apps.core.epcis import BizTransaction, PackEpc, SsccEpc, build
from apps.core.epcis.parts import Handover, Occasion, Units

PACK = PackEpc("09521568251204", "S1")
OTHER = PackEpc("09521568251204", "S2")
CASE = PackEpc("19521568251201", "C1")
PALLET = SsccEpc("095215680000000017")
AT = Occasion(1_772_442_000_000, "9521568000024", "+01:00")
THERE = Occasion(1_772_442_000_000, "9529999000026", "+01:00")
DESADV = BizTransaction("desadv", "urn:epcglobal:cbv:bt:9521568000017:DA-9")
RMA = BizTransaction("rma", "urn:epcglobal:cbv:bt:9521568000017:RMA-3")
SALE = Handover(
    "9521568000017", "9521568000024", "9529999000019", "9529999000026", [DESADV]
)
BACK = Handover(
    "9529999000019", "9529999000026", "9521568000017", "9521568000024", [RMA]
)
ONE = Units([PACK])
EVENTS = {
    "commission_lot": build.commission_lot(
        AT,
        gtin="09521568251204",
        lot="A123",
        expiry_date=date(2028, 2, 29),
        size=10_000,
    ),
    "commission_container": build.commission_container(AT, container=PALLET),
    "pack": build.pack(AT, container=CASE, children=Units([PACK, OTHER])),
    "unpack": build.unpack(AT, container=CASE),
    "ship": build.ship(AT, units=Units([PALLET]), handover=SALE),
    "receive": build.receive(
        THERE, units=Units([PALLET]), handover=SALE, is_inferred=True
    ),
    "void": build.void_shipping(AT, units=Units([CASE]), documents=[DESADV]),
    "dispense": build.dispense(THERE, units=ONE),
    "dispense_part": build.dispense_part(THERE, units=ONE),
    "decommission": build.decommission(AT, units=ONE),
    "lose": build.lose(AT, units=ONE),
    "stolen": build.report_stolen(AT, units=ONE),
    "destroy": build.destroy(AT, units=ONE),
    "sample": build.sample(AT, units=ONE),
    "export": build.export(AT, units=ONE, source="9521568000017"),
    "ship_return": build.ship_return(THERE, units=ONE, handover=BACK),
    "receive_return": build.receive_return(AT, units=ONE, handover=BACK),
    "ship_recalled": build.ship_recalled(THERE, units=ONE, handover=BACK),
    "hold": build.hold(AT, units=ONE, disposition=build.RECALLED),
    "release": build.release(AT, units=ONE),
    "release_inspected": build.release_inspected(AT, units=ONE),
    "undo": build.declare_error(
        build.dispense(THERE, units=ONE),
        declaration_time_ms=1_772_442_000_001,
        reason="did_not_occur",
    ),
}

"""The builders: what they make reads back and is valid for GS1's own schema."""

from datetime import date

import pytest

from apps.core import cbv
from apps.core.epcis import (
    Ilmd,
    Location,
    LotClass,
    LotQuantity,
    build,
    event_json,
    parse_event,
)
from apps.core.epcis.parts import Handover, Occasion, Units
from apps.core.errors import MalformedInput
from tests.core.signing.epcis_cast import AT, CASE, EVENTS, ONE, PALLET, SALE, THERE
from tests.vectors import load_json


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_of_the_law_reads_back(name):
    event = EVENTS[name]

    assert parse_event(event_json(event)) == event


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_of_the_law_is_valid_for_gs1(name):
    jsonschema = pytest.importorskip("jsonschema")
    schema = load_json("gs1/gs1-EPCIS/normative/EPCIS-JSON-Schema-2.0.1.json")
    document = {
        "@context": [cbv.EPCIS_CONTEXT, dict(cbv.PREFIXES)],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-02T09:00:00.000Z",
        "epcisBody": {"eventList": [event_json(EVENTS[name])]},
    }

    jsonschema.validate(document, schema)


def test_a_commissioning_says_lot_expiry_and_number():
    made = event_json(EVENTS["commission_lot"])

    assert made == {
        "type": "ObjectEvent",
        "eventTime": "2026-03-02T09:00:00.000Z",
        "eventTimeZoneOffset": "+01:00",
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "quantityList": [
            {
                "epcClass": "https://id.gs1.org/01/09521568251204/10/A123",
                "quantity": 10_000,
            }
        ],
        "readPoint": {"id": "https://id.gs1.org/414/9521568000024"},
        "bizLocation": {"id": "https://id.gs1.org/414/9521568000024"},
        "ilmd": {
            "cbvmda:lotNumber": "A123",
            "cbvmda:itemExpirationDate": "2028-02-29",
        },
    }


def test_a_receipt_is_read_into_types():
    event = EVENTS["receive"]

    assert (event.epcs, event.read_point) == ((PALLET,), Location("9529999000026"))
    assert (event.source.gln, event.source.site) == ("9521568000017", "9521568000024")
    assert (event.destination.gln, event.destination.site) == (
        "9529999000019",
        "9529999000026",
    )
    assert event.persistent_set == ("completeness_inferred",)
    assert not event.has_rma
    assert EVENTS["receive_return"].has_rma
    assert EVENTS["commission_lot"].ilmd == Ilmd("A123", date(2028, 2, 29))
    assert EVENTS["commission_lot"].quantities == (
        LotQuantity(LotClass("09521568251204", "A123"), 10_000),
    )


def test_what_was_scanned_on_arrival_is_not_inferred():
    event = build.receive(THERE, units=Units([PALLET]), handover=SALE)

    assert event.persistent_set == ()


def test_a_carrier_gets_possession_and_not_ownership():
    lent = Handover(
        "9521568000017",
        "9521568000024",
        "9529999000019",
        "9529999000026",
        moves_ownership=False,
    )
    event = build.ship(AT, units=ONE, handover=lent)

    assert event.destination.owning_party is None
    assert event.destination.gln == "9529999000019"


def test_builders_make_nothing_that_the_door_refuses():
    with pytest.raises(MalformedInput):
        build.dispense(AT, units=Units())
    with pytest.raises(MalformedInput):
        build.pack(AT, container=CASE, children=Units([CASE]))
    with pytest.raises(MalformedInput):
        build.ship(THERE, units=ONE, handover=SALE)
    with pytest.raises(MalformedInput):
        build.dispense(Occasion(AT.event_time_ms, "9521568000025"), units=ONE)


def test_a_place_may_have_a_part_and_a_lot_an_unknown_number():
    dock = Location("9521568000024", "DOCK/2")
    event = event_json(EVENTS["ship"])
    event["readPoint"] = {"id": dock.uri}
    some = build.hold(
        AT, units=Units(quantities=[LotQuantity(LotClass("09521568251204", "A"))])
    )

    assert dock.uri == "https://id.gs1.org/414/9521568000024/254/DOCK%2F2"
    assert parse_event(event).read_point == dock
    assert parse_event(event_json(some)).quantities[0].quantity is None


def test_incorrect_data_may_name_what_is_right():
    event = build.declare_error(
        EVENTS["hold"],
        declaration_time_ms=AT.event_time_ms,
        reason="incorrect_data",
        corrective_event_ids=["urn:uuid:6e0b1b1c-8a1f-4f3f-9d5b-0d7f0d4a6b11"],
    )

    assert parse_event(event_json(event)) == event

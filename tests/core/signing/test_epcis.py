"""EPCIS events of our law: read, refused, built, and valid for GS1's own schema."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import cbv
from apps.core.canonical import canonical_bytes
from apps.core.epcis import (
    PackEpc,
    event_json,
    parse_epc,
    parse_event,
)
from apps.core.errors import MalformedInput
from tests.core.signing.epcis_cast import CASE, EVENTS, PALLET
from tests.core.signing.statement_cast import json_values
from tests.vectors import load_json


def change(name, path, value):
    changed = copy.deepcopy(event_json(EVENTS[name]))
    place = changed
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


def refusal(event) -> str:
    with pytest.raises(MalformedInput) as caught:
        parse_event(event)
    return caught.value.code


DL = "https://id.gs1.org/01/09521568251204/21/S1"
LOT = "https://id.gs1.org/01/09521568251204/10/A123"


@pytest.mark.parametrize(
    "kind", ["TransformationEvent", "AssociationEvent", "TransactionEvent"]
)
def test_events_that_the_law_does_not_know_are_refused_by_name(kind):
    assert refusal(change("ship", ["type"], kind)) == "not_supported_by_law"


@pytest.mark.parametrize(
    ("name", "path", "value", "code"),
    [
        ("ship", ["type"], "QuantityEvent", "unknown_word"),
        ("ship", ["type"], ..., "missing_field"),
        ("ship", ["action"], "OBSERV", "unknown_word"),
        ("ship", ["action"], ..., "missing_field"),
        ("ship", ["bizStep"], "https://ref.gs1.org/cbv/BizStep-shipping", "unknown_word"),
        ("ship", ["bizStep"], "urn:epcglobal:cbv:bizstep:shipping", "unknown_word"),
        ("ship", ["bizStep"], "dispatching", "unknown_word"),
        ("ship", ["disposition"], "quarantined", "unknown_word"),
        ("ship", ["eventTime"], "2026-03-02T10:00:00.000+01:00", "bad_time"),
        ("ship", ["eventTime"], ..., "missing_field"),
        ("ship", ["eventTimeZoneOffset"], "Z", "bad_text"),
        ("ship", ["eventTimeZoneOffset"], "+14:30", "bad_text"),
        ("ship", ["eventTimeZoneOffset"], ..., "missing_field"),
        ("ship", ["recordTime"], "2026-03-02T09:00:00.000Z", "unknown_field"),
        ("ship", ["certificationInfo"], "urn:x:y", "unknown_field"),
        ("ship", ["parentID"], PALLET.uri, "unknown_field"),
        ("ship", ["example:note"], "x", "unknown_field"),
        ("ship", ["note"], "x", "unknown_field"),
        ("ship", ["pharmatrace:weight"], 1.5, "not_an_integer"),
        ("ship", ["@context"], ["https://example.org/x.jsonld"], "bad_context"),
        ("ship", ["@context"], [{"cbvmda": "urn:other:"}], "bad_context"),
        ("ship", ["@context"], [{"example": "urn:x:"}], "bad_context"),
        ("ship", ["@context"], [], "bad_context"),
        ("ship", ["@context"], {}, "bad_context"),
        ("ship", ["@context"], dict(cbv.PREFIXES), "bad_context"),
        ("ship", ["@context"], [cbv.EPCIS_CONTEXT], "bad_context"),
        ("ship", ["@context"], [cbv.EPCIS_CONTEXT] * 2, "bad_context"),
        ("ship", ["@context"], [cbv.EPCIS_CONTEXT, {}], "bad_context"),
        ("ship", ["@context"], [dict(cbv.PREFIXES), cbv.EPCIS_CONTEXT], "bad_context"),
        ("ship", ["@context"], [cbv.EPCIS_CONTEXT, *[dict(cbv.PREFIXES)] * 2], "bad_context"),
        ("ship", ["eventTimeZoneOffset"], "-00:00", "bad_text"),
        ("ship", ["gs1ushc:dropShipment"], None, "wrong_type"),
        ("ship", ["gs1ushc:dropShipment"], {"a": [None]}, "wrong_type"),
        ("commission_lot", ["ilmd", "cbvmda:measurement"], None, "wrong_type"),
        ("ship", ["readPoint", "id"], "https://id.gs1.org/414/9521568000024/254/0", "bad_epc"),
        ("ship", ["eventID"], "not a uri", "bad_text"),
        ("ship", ["epcList"], [], "bad_length"),
        ("ship", ["epcList"], [DL, DL], "repeated_member"),
        ("ship", ["epcList"], ..., "bad_event"),
        ("ship", ["epcList"], [LOT], "bad_epc"),
        ("ship", ["epcList"], ["urn:epc:id:sgtin:9521568.025120.S1"], "bad_epc"),
        ("ship", ["epcList"], ["https://id.gs1.org/01/09521568251204"], "bad_epc"),
        ("ship", ["epcList"], [DL + "?17=280229"], "bad_epc"),
        ("ship", ["epcList"], [DL.replace("id.gs1", "trace")], "bad_epc"),
        ("ship", ["epcList"], [DL.replace("https", "http")], "bad_epc"),
        ("ship", ["epcList"], [DL.replace("S1", "%53%31")], "bad_epc"),
        ("ship", ["epcList"], [DL.replace("S1", "%2f")], "bad_epc"),
        ("ship", ["epcList"], [DL.replace("204/", "205/")], "bad_check_digit"),
        ("ship", ["epcList"], [DL.replace("S1", "S" * 21)], "too_long"),
        ("ship", ["epcList"], [DL.replace("S1", "%20")], "bad_character"),
        ("ship", ["epcList"], ["https://id.gs1.org/00/095215680000000018"], "bad_check_digit"),
        ("ship", ["epcList"], "x", "wrong_type"),
        ("ship", ["epcList"], [7], "wrong_type"),
        ("ship", ["readPoint"], ..., "missing_field"),
        ("ship", ["readPoint"], {"id": "https://id.gs1.org/417/9521568000017"}, "bad_epc"),
        ("ship", ["readPoint"], {"id": "https://id.gs1.org/414/9521568000031"}, "bad_event"),
        ("ship", ["bizLocation"], {"id": "https://id.gs1.org/414/9521568000024"}, "bad_event"),
        ("ship", ["sourceList"], ..., "bad_event"),
        ("ship", ["sourceList", 1], ..., "bad_event"),
        ("ship", ["destinationList"], ..., "bad_event"),
        ("ship", ["destinationList", 2], ..., "bad_event"),
        ("ship", ["destinationList", 0, "type"], "location", "repeated_member"),
        ("ship", ["destinationList", 0, "type"], "seller", "unknown_word"),
        ("ship", ["destinationList", 2, "destination"], "https://id.gs1.org/417/9529999000019", "bad_epc"),
        ("ship", ["destinationList", 0, "destination"], "https://id.gs1.org/414/9529999000026", "bad_epc"),
        ("ship", ["quantityList"], [{"epcClass": LOT}] * 2, "repeated_member"),
        ("ship", ["readPoint"], {"id": "https://id.gs1.org/414/9521568000024/254/%20"}, "bad_character"),
        ("ship", ["readPoint"], {"id": "https://id.gs1.org/414/9521568000024/254/" + "D" * 21}, "bad_epc"),
        ("ship", ["bizTransactionList", 0, "type"], "order", "unknown_word"),
        ("ship", ["bizTransactionList", 0, "type"], ..., "missing_field"),
        ("ship", ["ilmd"], {"cbvmda:lotNumber": "A123", "cbvmda:itemExpirationDate": "2028-02-29"}, "bad_event"),
        ("receive", ["readPoint"], {"id": "https://id.gs1.org/414/9521568000024"}, "bad_event"),
        ("receive", ["persistentDisposition"], {}, "missing_field"),
        ("receive", ["persistentDisposition"], {"set": []}, "bad_length"),
        ("hold", ["persistentDisposition", "unset"], ["recalled"], "bad_event"),
        ("pack", ["parentID"], ..., "bad_event"),
        ("pack", ["childEPCs"], ..., "bad_event"),
        ("pack", ["childEPCs", 0], CASE.uri, "bad_event"),
        ("pack", ["epcList"], [DL], "unknown_field"),
        ("unpack", ["parentID"], ..., "bad_event"),
        ("commission_lot", ["ilmd"], ..., "bad_event"),
        ("commission_lot", ["ilmd", "cbvmda:lotNumber"], "A124", "bad_event"),
        ("commission_lot", ["ilmd", "cbvmda:itemExpirationDate"], "280229", "bad_date"),
        ("commission_lot", ["ilmd", "cbvmda:itemExpirationDate"], ..., "missing_field"),
        ("commission_lot", ["ilmd", "example:x"], "1", "unknown_field"),
        ("commission_lot", ["quantityList", 0, "quantity"], ..., "bad_event"),
        ("commission_lot", ["quantityList", 0, "quantity"], 0, "out_of_range"),
        ("commission_lot", ["quantityList", 0, "quantity"], 1.5, "wrong_type"),
        ("commission_lot", ["quantityList", 0, "uom"], "KGM", "unknown_field"),
        ("commission_lot", ["quantityList", 0, "epcClass"], DL, "bad_epc"),
        ("commission_lot", ["epcList"], [CASE.uri], "bad_event"),
        ("undo", ["errorDeclaration", "correctiveEventIDs"], ["urn:uuid:6e0b"], "bad_event"),
        ("undo", ["errorDeclaration", "reason"], "typo", "unknown_word"),
        ("undo", ["errorDeclaration", "declarationTime"], "2026-03-02T08:59:59.999Z", "bad_event"),
    ],
)  # fmt: skip
def test_what_the_schema_lets_pass_and_the_standard_does_not(name, path, value, code):
    assert refusal(change(name, path, value)) == code


def sensor(metadata, report):
    element = {"sensorMetadata": metadata, "sensorReport": [report]}
    return change("ship", ["sensorElementList"], [element])


def test_sensors_may_measure_fractions_before_the_event_only():
    value = {"type": "Temperature", "value": 4.5, "uom": "CEL"}

    event = parse_event(sensor({"time": "2026-03-02T09:00:00.000Z"}, value))
    assert event.sensors[0]["sensorReport"][0]["value"] == 4.5
    assert canonical_bytes(event_json(event))
    assert refusal(sensor({"time": "2026-03-02T09:00:00.001Z"}, value)) == "bad_event"
    assert refusal(sensor({"uom": "CEL"}, value)) == "bad_event"
    device = {"deviceID": "urn:x:1"}
    assert refusal(sensor(device, {**value, **device})) == "bad_event"
    assert refusal(sensor(device, {**value, "nested": 1})) == "bad_event"
    assert refusal(sensor(device, {**value, "value": []})) == "bad_event"
    crowd = [{"sensorMetadata": device, "sensorReport": [value], "note": 1}]
    assert refusal(change("ship", ["sensorElementList"], crowd)) == "bad_event"
    assert refusal(change("ship", ["sensorElementList"], ["x"])) == "wrong_type"
    assert refusal(change("ship", ["sensorElementList"], [{}])) == "bad_event"
    assert refusal(sensor([], value)) == "bad_event"
    assert refusal(sensor({"time": 1}, value)) == "bad_event"


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"type": "Temperature", "value": "4.5"},
        {"type": "Temperature", "value": True},
        {"type": "Temperature", "value": None},
        {"type": 1, "value": 4},
        {"booleanValue": 1},
        {"booleanValue": "true"},
        {"stringValue": 1},
        {"uriValue": False},
    ],
)
def test_a_measurement_has_one_type(report):
    element = {"sensorReport": [report]}

    assert refusal(change("ship", ["sensorElementList"], [element])) == "bad_event"


def test_a_sensor_without_metadata_says_nothing_of_them():
    report = {"type": "Door", "booleanValue": True, "sDev": 1}

    assert refusal(sensor({}, report)) == "bad_event"
    assert parse_event(
        change("ship", ["sensorElementList"], [{"sensorReport": [report]}])
    )


def test_extensions_of_known_prefixes_are_kept():
    event = parse_event(change("ship", ["gs1ushc:dropShipment"], False))

    assert event.extensions == {"gs1ushc:dropShipment": False}
    assert event_json(event)["gs1ushc:dropShipment"] is False
    lot = parse_event(change("commission_lot", ["ilmd", "cbvmda:measurement"], "x"))
    assert lot.ilmd.extensions == {"cbvmda:measurement": "x"}


def test_the_standard_context_and_ours_may_be_said():
    context = [cbv.EPCIS_CONTEXT, {"gs1ushc": cbv.PREFIXES["gs1ushc"]}]

    assert parse_event(change("ship", ["@context"], context)) == EVENTS["ship"]
    assert parse_event(change("ship", ["@context"], cbv.EPCIS_CONTEXT))


def test_serials_of_set_82_are_percent_encoded_in_one_way():
    epc = PackEpc("09521568251204", 'A/1"%_?')

    assert epc.uri == "https://id.gs1.org/01/09521568251204/21/A%2F1%22%25_%3F"
    assert parse_epc(epc.uri) == epc


def test_the_words_are_those_of_cbv_2():
    defined = load_json("gs1/gs1-EPCIS/normative/EPCIS-JSON-Schema-2.0.1.json")[
        "definitions"
    ]

    def words(name):
        return set(defined[name]["anyOf"][1]["enum"])

    assert words("bizStep") == cbv.BIZ_STEPS
    assert words("disposition") == cbv.DISPOSITIONS
    assert words("bizTransaction-type") == cbv.BIZ_TRANSACTION_TYPES
    assert words("source-dest-type") == cbv.SOURCE_DEST_TYPES


@given(st.sampled_from(sorted(EVENTS)), st.data())
def test_any_value_in_any_field_is_read_or_malformed(name, data):
    event = event_json(EVENTS[name])
    field = data.draw(st.sampled_from(sorted(event)))
    event[field] = data.draw(json_values)

    try:
        read = parse_event(event)
    except MalformedInput:
        return
    assert parse_event(event_json(read)) == read


@given(st.text(max_size=90), st.sampled_from(["", "https://id.gs1.org/"]))
def test_any_text_is_an_epc_or_malformed(text, stem):
    try:
        epc = parse_epc(stem + text)
    except MalformedInput:
        return
    assert epc.uri == stem + text

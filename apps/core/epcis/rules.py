"""What an event must be, told from the event alone, where no schema tells it.

Source: EPCIS 2.0 sections 7.3 and 7.4, CBV 2.0 section 7, the conformance cases
TCR-53 and TCR-54.
"""

from __future__ import annotations

from collections.abc import Mapping

from .. import cbv
from ..canonical import JsonValue
from ..encoding import parse_time_ms
from ..errors import MalformedInput
from .epc import PackEpc
from .event import AGGREGATION, EpcisEvent


def verify_event(event: EpcisEvent, *, where: str) -> None:
    """Check one event.

    1. It is about something, and an aggregation has a parent.
    2. A lot begins with its number and expiry date, and nothing else brings them.
    3. A hand-over names who possesses the goods before and after, and where.
    4. An error declaration does not correct what it says did not occur.
    5. Nothing was measured after the event.

    Raises:
        MalformedInput: `bad_event`, naming the field.
    """
    _verify_things(event, where)
    _verify_lot(event, where)
    _verify_handover(event, where)
    _verify_words(event, where)
    for sensor in event.sensors:
        _verify_sensor(sensor, event, where)


def _verify_things(event: EpcisEvent, where: str) -> None:
    if event.type != AGGREGATION:
        if not event.epcs and not event.quantities:
            raise _bad(where, "epcList", "at least one EPC or quantity")
        return
    if event.parent is None and event.action != "OBSERVE":
        raise _bad(where, "parentID", "the container, for ADD and DELETE")
    # DELETE without children empties the container.
    has_children = bool(event.children or event.child_quantities)
    if not has_children and event.action != "DELETE":
        raise _bad(where, "childEPCs", "at least one child")
    if event.parent in event.children:
        raise _bad(where, "childEPCs", "not the container itself")


def _verify_lot(event: EpcisEvent, where: str) -> None:
    begins = event.biz_step == "commissioning" and event.action == "ADD"
    if event.ilmd is None:
        if begins and event.quantities:
            raise _bad(where, "ilmd", "lot number and expiry date")
        return
    if event.action != "ADD":
        raise _bad(where, "ilmd", "only with action ADD")
    lots = {each.lot_class.lot for each in event.quantities}
    gtins = {each.lot_class.gtin for each in event.quantities}
    gtins |= {epc.gtin for epc in event.epcs if isinstance(epc, PackEpc)}
    if lots - {event.ilmd.lot}:
        raise _bad(where, "ilmd.cbvmda:lotNumber", "the lot of the quantity")
    if len(gtins) != 1 or len(event.quantities) > 1:
        raise _bad(where, "quantityList", "one lot of one product")
    if any(each.quantity is None for each in event.quantities):
        raise _bad(where, "quantityList", "the number of units")


def _verify_handover(event: EpcisEvent, where: str) -> None:
    if event.biz_step not in {"shipping", "receiving"}:
        return
    is_leaving = event.biz_step == "shipping"
    if is_leaving and event.biz_location is not None:
        # CBV 2.0: after shipping the object is nowhere until it is received.
        raise _bad(where, "bizLocation", "no such field when shipping")
    if not event.source.gln or not event.source.site:
        raise _bad(where, "sourceList", "possessing_party and location")
    # What leaves the traced world (DELETE) need not say to whom.
    if event.action == "DELETE":
        return
    if not event.destination.gln or not event.destination.site:
        raise _bad(where, "destinationList", "possessing_party and location")
    side = event.source if is_leaving else event.destination
    if side.site != event.read_point.gln:
        raise _bad(where, "readPoint", f"the place {side.site}")


def _verify_words(event: EpcisEvent, where: str) -> None:
    both = set(event.persistent_set) & set(event.persistent_unset)
    if both:
        raise _bad(where, "persistentDisposition", "set or unset, not both")
    error = event.error
    if error is None:
        return
    if error.reason == "did_not_occur" and error.corrective_event_ids:
        raise _bad(where, "errorDeclaration.correctiveEventIDs", "none")
    if error.declaration_time_ms < event.event_time_ms:
        raise _bad(where, "errorDeclaration.declarationTime", "after the event")


def _verify_sensor(
    sensor: Mapping[str, JsonValue], event: EpcisEvent, where: str
) -> None:
    place = f"{where}.sensorElementList"
    if not sensor.keys() <= {"sensorMetadata", "sensorReport"}:
        raise _bad(place, "sensorElement", "sensorMetadata and sensorReport")
    metadata: Mapping[str, JsonValue] = {}
    if "sensorMetadata" in sensor:
        metadata = _members(sensor["sensorMetadata"], cbv.SENSOR_METADATA, place)
    reports = sensor.get("sensorReport")
    if not isinstance(reports, list) or not reports:
        raise _bad(place, "sensorReport", "at least one report")
    for each in reports:
        report = _members(each, cbv.SENSOR_REPORT, place)
        # TCR-53: said for all reports or for one, not both ways.
        if metadata.keys() & report.keys():
            raise _bad(place, "sensorReport", "no attribute of sensorMetadata again")
        for name in ("time", "startTime", "endTime"):
            _verify_not_after(metadata.get(name, report.get(name)), event, place)


def _members(
    value: JsonValue, names: frozenset[str], where: str
) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict) or not value or not value.keys() <= names:
        raise _bad(where, "sensorReport", "fields of EPCIS 2.0, at least one")
    for name, each in value.items():
        if type(each) not in _types_of(name):
            raise _bad(where, name, "a number, true or false, or text, as it is named")
    return value


def _types_of(name: str) -> tuple[type, ...]:
    """One type for each field: "1" beside 1 would be a second spelling."""
    if name in cbv.SENSOR_NUMBERS:
        return (int, float)
    return (bool,) if name in cbv.SENSOR_FLAGS else (str,)


def _verify_not_after(value: JsonValue, event: EpcisEvent, where: str) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise _bad(where, "time", "YYYY-MM-DDThh:mm:ss.sssZ")
    if parse_time_ms(value, field=f"{where}.time") > event.event_time_ms:
        raise _bad(where, "time", "not after eventTime")


def _bad(where: str, name: str, wanted: str) -> MalformedInput:
    return MalformedInput("bad_event", field=f"{where}.{name}", wanted=wanted)

"""A statement of every kind and of every event of the law, as JSON that both must take."""

from __future__ import annotations

from typing import Any

from apps.core.epcis import event_json
from apps.core.leaf import CONFIG_TAG
from apps.core.strict import format_base64
from tests.core.outside import small_ledger as cast
from tests.core.signing.bodies_cast import BODIES
from tests.core.signing.epcis_cast import EVENTS
from tests.core.signing.statement_cast import SHIP

_TWO = [{"tag": "0a" * 32}, {"tag": "0b" * 32}]
_SUBJECTS: dict[str, list[dict[str, Any]]] = {
    "recall.answer": [{"tag": "0a" * 32, "n": 10, "set": "ab" * 32}],
    "events": [{"tag": "0a" * 32, "events": {"size": 3, "root": "cd" * 32}}],
    "party.licence": _TWO[:1],
    "key.reattest": _TWO[:1],
    "genesis": [{"tag": CONFIG_TAG.hex()}],
}
_AT = {"at": "2026-03-02T09:05:00.000Z", "expires": "2026-03-03T09:05:00.000Z"}
_SCOPE = {
    "lots": ["A123", "B1"],
    "serials": ["A00", "Z9"],
    "ranges": [["A1", "A5"], ["B10", "B19"], ["C001", "C100"]],
    "expiry_from": "2027-12-31",
    "expiry_to": "2028-02-29",
}
_SENSED = {
    "sensorElementList": [
        {
            "sensorMetadata": {"time": "2026-03-02T08:59:00.000Z"},
            "sensorReport": [
                {"type": "Temperature", "value": 4.5, "uom": "CEL"},
                {"type": "Shock", "booleanValue": False, "maxValue": 1e21},
            ],
        }
    ],
    "gs1ushc:note": {"a": ["b", 1]},
    "eventID": "urn:uuid:0d2b6f10-2f6f-4e0a-9b1c-6d7a1b2c3d4e",
}
_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def statements() -> dict[str, dict[str, Any]]:
    """By name; each is taken by `parse_statement` and read whole."""
    made = {kind: _of_kind(kind, body) for kind, body in BODIES.items()}
    genesis = cast.genesis()
    made["genesis"]["by"] = genesis.by
    made["genesis"]["body"] = _with_passkey(dict(genesis.body))
    made["recall of serials"] = _of_kind(
        "recall.open", {**BODIES["recall.open"], "scope": _SCOPE}
    )
    for name, event in EVENTS.items():
        made[name] = _of_event(event_json(event), is_lot=name == "commission_lot")
    made["sensed"] = _of_event({**event_json(EVENTS["hold"]), **_SENSED})
    named = {"@context": [_CONTEXT, {"pharmatrace": "urn:pharmatrace:ns:"}]}
    made["in context"] = _of_event({**event_json(EVENTS["ship"]), **named})
    return made


def _of_kind(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    parents = [] if kind in {"events", "genesis"} else ["4e" * 32]
    said = {"kind": kind, "body": body, "parents": parents}
    return {**SHIP, **said, "subjects": _SUBJECTS.get(kind, _TWO)}


def _of_event(body: dict[str, Any], *, is_lot: bool = False) -> dict[str, Any]:
    subjects: list[dict[str, Any]] = _TWO
    if is_lot:
        first: dict[str, Any] = SHIP["subjects"][0]  # type: ignore[index,assignment]
        subjects = [{**first, "serials": {**first["serials"], "lot": "A123"}}]
    parents = ["1f" * 32, "2f" * 32 + "#7"]
    return {**SHIP, **_AT, "body": body, "parents": parents, "subjects": subjects}


def _with_passkey(body: dict[str, Any]) -> dict[str, Any]:
    """Genesis with a passkey's authority and an older ledger behind it."""
    authority = BODIES["genesis"]["authorities"][0]  # type: ignore[index]
    brand = {**authority, "role": "brand_authority", "gln": "9521568000017"}
    note = cast.small_ledger().note
    return {
        **body,
        "authorities": [*body["authorities"], brand],
        "previous_checkpoint": format_base64(note),
    }

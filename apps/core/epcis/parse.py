"""Reading one bare EPCIS 2.0 event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from .. import cbv
from ..canonical import JsonValue, verify_integers_only
from ..errors import MalformedInput
from ..fields import Fields
from ..strict_json import walk
from .ends import read_ends, read_uri
from .epc import (
    Epc,
    Location,
    find_plain_packs,
    parse_epc,
    parse_location,
    parse_lot_class,
)
from .event import (
    AGGREGATION,
    OBJECT,
    BizTransaction,
    EpcisEvent,
    ErrorDeclaration,
    Ilmd,
    LotQuantity,
)
from .rules import verify_event

MAX_EPCS: Final = 100_000
_MOST_SMALL: Final = 100
# UTC is +00:00; RFC 3339 gives -00:00 another meaning.
_OFFSET: Final = re.compile(r"(?!-00:00)[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00")
_EXTENSION: Final = re.compile(
    f"(?:{'|'.join(cbv.PREFIXES)}):[A-Za-z_][A-Za-z0-9_.-]{{0,60}}"
)


def parse_event(event: Mapping[str, JsonValue], *, where: str = "body") -> EpcisEvent:
    """Read one event and check what can be told from it alone.

    Args:
        event: the JSON object.
        where: its path, for the errors.

    Raises:
        MalformedInput: `not_supported_by_law` for the other event types; an unknown
            field or word; an EPC in another spelling; or as `rules` says.
    Source: EPCIS 2.0 section 7.4, CBV 2.0; DESIGN section 3.
    """
    fields = Fields(dict(event), where=where)
    _read_context(fields)
    kind = fields.word("type", cbv.EVENT_TYPES)
    if kind not in {OBJECT, AGGREGATION}:
        raise MalformedInput(
            "not_supported_by_law",
            field=fields.path("type"),
            got=kind,
            wanted=f"{OBJECT} or {AGGREGATION}",
        )
    read = _read_common(fields, kind)
    read = _read_things(fields, read)
    read = _read_circumstances(fields, read)
    fields.close()
    verify_event(read, where=where)
    return read


def _read_context(fields: Fields) -> None:
    """`@context` may be there; it may only say what we know already, and once."""
    if not fields.has("@context"):
        return
    value = fields.take("@context")
    if value == cbv.EPCIS_CONTEXT:
        return
    standard, ours = value if isinstance(value, list) and len(value) == 2 else ("", "")
    is_ours = isinstance(ours, dict) and ours and ours.items() <= cbv.PREFIXES.items()
    if standard != cbv.EPCIS_CONTEXT or not is_ours:
        raise MalformedInput(
            "bad_context",
            field=fields.path("@context"),
            wanted="GS1's alone, or a list of it and an object of prefixes we know",
        )


def _read_common(fields: Fields, kind: str) -> EpcisEvent:
    has_disposition = fields.has("disposition")
    return EpcisEvent(
        type=kind,
        action=fields.word("action", cbv.ACTIONS),
        biz_step=fields.word("bizStep", cbv.BIZ_STEPS),
        disposition=(
            fields.word("disposition", cbv.DISPOSITIONS) if has_disposition else ""
        ),
        event_time_ms=fields.time_ms("eventTime"),
        time_zone=fields.matching(
            "eventTimeZoneOffset", _OFFSET, wanted="an offset such as +01:00"
        ),
        read_point=_read_place(fields, "readPoint"),
    )


def _read_things(fields: Fields, event: EpcisEvent) -> EpcisEvent:
    if event.type == AGGREGATION:
        has_parent = fields.has("parentID")
        return replace(
            event,
            parent=_read_epc(fields, "parentID") if has_parent else None,
            children=_read_epcs(fields, "childEPCs"),
            child_quantities=_read_quantities(fields, "childQuantityList"),
        )
    return replace(
        event,
        epcs=_read_epcs(fields, "epcList"),
        quantities=_read_quantities(fields, "quantityList"),
        ilmd=_read_ilmd(fields) if fields.has("ilmd") else None,
    )


def _read_circumstances(fields: Fields, event: EpcisEvent) -> EpcisEvent:
    has_place, has_id = fields.has("bizLocation"), fields.has("eventID")
    has_error = fields.has("errorDeclaration")
    put, lifted = _read_persistent(fields)
    return replace(
        event,
        biz_location=_read_place(fields, "bizLocation") if has_place else None,
        biz_transactions=_read_transactions(fields),
        source=read_ends(fields, "sourceList", "source"),
        destination=read_ends(fields, "destinationList", "destination"),
        persistent_set=put,
        persistent_unset=lifted,
        error=_read_error(fields) if has_error else None,
        event_id=read_uri(fields, "eventID") if has_id else "",
        sensors=_read_sensors(fields),
        extensions=_read_extensions(fields),
    )


def _read_epc(fields: Fields, name: str) -> Epc:
    return parse_epc(fields.string(name), field=fields.path(name))


def _read_epcs(fields: Fields, name: str) -> tuple[Epc, ...]:
    if not fields.has(name):
        return ()
    items = fields.array(name, least=1, most=MAX_EPCS)
    if packs := find_plain_packs(items):
        return packs
    again = Fields({name: items}, where=fields.where)
    return again.distinct(name, _read_epc, least=1, most=MAX_EPCS)


def _read_quantities(fields: Fields, name: str) -> tuple[LotQuantity, ...]:
    if not fields.has(name):
        return ()
    read = fields.each(name, _read_quantity, least=1, most=_MOST_SMALL)
    if len({each.lot_class for each in read}) != len(read):
        raise MalformedInput(
            "repeated_member",
            field=fields.path(name),
            got="one class twice",
            wanted="every class once",
        )
    return read


def _read_quantity(fields: Fields, name: str) -> LotQuantity:
    inner = fields.object(name)
    lot_class = parse_lot_class(inner.string("epcClass"), field=inner.path("epcClass"))
    has_quantity = inner.has("quantity")
    quantity = inner.integer("quantity", least=1) if has_quantity else None
    inner.close()
    return LotQuantity(lot_class, quantity)


def _read_place(fields: Fields, name: str) -> Location:
    inner = fields.object(name)
    place = parse_location(inner.string("id"), field=inner.path("id"))
    inner.close()
    return place


def _read_transactions(fields: Fields) -> tuple[BizTransaction, ...]:
    if not fields.has("bizTransactionList"):
        return ()
    return fields.distinct(
        "bizTransactionList", _read_transaction, least=1, most=_MOST_SMALL
    )


def _read_transaction(fields: Fields, name: str) -> BizTransaction:
    inner = fields.object(name)
    read = BizTransaction(
        type=inner.word("type", cbv.BIZ_TRANSACTION_TYPES),
        id=read_uri(inner, "bizTransaction"),
    )
    inner.close()
    return read


def _read_ilmd(fields: Fields) -> Ilmd:
    inner = fields.object("ilmd")
    ilmd = Ilmd(
        lot=inner.lot("cbvmda:lotNumber"),
        expiry_date=inner.date("cbvmda:itemExpirationDate"),
        extensions=_read_extensions(inner),
    )
    inner.close()
    return ilmd


def _read_persistent(fields: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not fields.has("persistentDisposition"):
        return (), ()
    inner = fields.object("persistentDisposition")
    put, lifted = (_read_words(inner, name) for name in ("set", "unset"))
    inner.close()
    if not put and not lifted:
        raise MalformedInput(
            "missing_field",
            field=inner.path("set"),
            got="nothing",
            wanted="set, unset or both",
        )
    return put, lifted


def _read_words(fields: Fields, name: str) -> tuple[str, ...]:
    if not fields.has(name):
        return ()
    return fields.distinct(
        name, lambda inner, at: inner.word(at, cbv.DISPOSITIONS), least=1, most=33
    )


def _read_error(fields: Fields) -> ErrorDeclaration:
    inner = fields.object("errorDeclaration")
    has_ids = inner.has("correctiveEventIDs")
    error = ErrorDeclaration(
        declaration_time_ms=inner.time_ms("declarationTime"),
        reason=inner.word("reason", cbv.ERROR_REASONS),
        corrective_event_ids=(
            inner.distinct("correctiveEventIDs", read_uri, least=1, most=_MOST_SMALL)
            if has_ids
            else ()
        ),
    )
    inner.close()
    return error


def _read_sensors(fields: Fields) -> tuple[Mapping[str, JsonValue], ...]:
    if not fields.has("sensorElementList"):
        return ()
    return fields.each("sensorElementList", Fields.members, least=1, most=1_000)


def _read_extensions(fields: Fields) -> Mapping[str, JsonValue]:
    names = [name for name in fields.names() if _EXTENSION.fullmatch(name)]
    extensions = {name: fields.take(name) for name in names}
    for name, value in extensions.items():
        verify_integers_only(value, field=fields.path(name))
        if any(item is None for item in walk(value)):
            raise MalformedInput(
                "wrong_type",
                field=fields.path(name),
                got="null",
                wanted="a value, or no such field",
            )
    return extensions

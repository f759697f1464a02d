"""Wishes about goods: plain JSON that says what somebody wants to do.

Codes may be anything that a scanner gives; they become EPCs here. Nothing is signed
yet, so the reader is kind where it can be and exact where it must be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.core.encoding import parse_time_ms
from apps.core.epcis import BizTransaction, Epc, PackEpc, SsccEpc
from apps.core.errors import MalformedInput
from apps.core.fields import Fields
from apps.core.gs1 import parse_scan
from apps.core.members import json_type
from apps.core.subjects import Reference
from apps.ledger.formats import as_ms
from apps.partners import queries as partners

STEPS: Final = frozenset(
    {
        "new_container", "pack", "unpack", "ship", "receive", "void", "dispense",
        "dispense_part", "undo", "decommission", "lost", "destroy", "sample",
        "stolen", "export", "return_ship", "return_receive", "recall_ship", "hold",
        "release", "correct",
    }
)  # fmt: skip
_MOST_ITEMS: Final = 20_000
_DOCUMENTS: Final = frozenset({"po", "desadv", "rma", "inv"})


@dataclass(frozen=True, slots=True)
class LotWish:
    """So many units of a lot: containers first, then loose packs; 0 means all."""

    gtin: str
    lot: str
    count: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to do with goods."""

    step: str
    site: str
    items: tuple[Epc, ...]
    lots: tuple[LotWish, ...]
    container: Epc | None
    to: str
    to_site: str
    shipment: str
    parents: tuple[str, ...]
    documents: tuple[BizTransaction, ...]
    reason: str
    event_time_ms: int
    is_inferred: bool


def read_wish(wish: dict[str, Any], *, where: str, at: datetime) -> Wish:
    """Read one wish; `at` is when the thing happened unless it says otherwise.

    Raises:
        MalformedInput: an unknown field, a code that cannot be read or names no
            pack and no container.
    """
    fields = Fields(partners.composed(wish), where=where)
    if fields.has("kind"):
        fields.take("kind")
    step = fields.word("step", STEPS)
    items, lots = _read_items(fields, at)
    to = fields.object("to") if fields.has("to") else None
    read = Wish(
        step=step,
        site=fields.gln("site"),
        items=items,
        lots=lots,
        container=_read_container(fields, at),
        to=to.gln("gln") if to else "",
        to_site=to.gln("site") if to else "",
        shipment=_reference(fields, "shipment"),
        parents=_read_parents(fields),
        documents=_read_documents(fields),
        reason=fields.text("reason") if fields.has("reason") else "",
        event_time_ms=_read_time(fields, at),
        is_inferred=fields.flag("inferred") if fields.has("inferred") else False,
    )
    if to is not None:
        to.close()
    fields.close()
    return read


def _read_items(
    fields: Fields, at: datetime
) -> tuple[tuple[Epc, ...], tuple[LotWish, ...]]:
    if not fields.has("items"):
        return (), ()
    epcs: dict[Epc, None] = {}
    lots: list[LotWish] = []
    for number, value in enumerate(fields.array("items", most=_MOST_ITEMS)):
        field = f"{fields.path('items')}[{number}]"
        if isinstance(value, dict):
            lots.append(_read_lot(Fields(value, where=field)))
        else:
            epcs[read_code(value, field=field, at=at)] = None
    return tuple(epcs), tuple(lots)


def _read_lot(fields: Fields) -> LotWish:
    lot = LotWish(
        gtin=fields.gtin("gtin"),
        lot=fields.lot("lot"),
        count=fields.integer("count", least=1) if fields.has("count") else 0,
    )
    fields.close()
    return lot


def read_code(value: object, *, field: str, at: datetime) -> Epc:
    """The pack or container behind a scanned code.

    Raises:
        MalformedInput: `not_a_thing`: it names a product, a lot or a place only.
    """
    if not isinstance(value, str):
        raise MalformedInput(
            "wrong_type", field=field, got=json_type(value), wanted="a code"
        )
    try:
        scan = parse_scan(value, today=at.date())
    except MalformedInput as error:
        error.locate(field)  # the member of the wish, not the part of the code
        raise
    if scan.gtin is not None and scan.serial is not None:
        return PackEpc(scan.gtin.text, scan.serial.text)
    if scan.sscc is not None:
        return SsccEpc(scan.sscc.text)
    raise MalformedInput(
        "not_a_thing", field=field, got=value, wanted="GTIN and serial, or an SSCC"
    )


def _read_container(fields: Fields, at: datetime) -> Epc | None:
    if not fields.has("container"):
        return None
    name = fields.path("container")
    return read_code(fields.string("container"), field=name, at=at)


def _reference(fields: Fields, name: str) -> str:
    if not fields.has(name):
        return ""
    return Reference.parse(fields.string(name), field=fields.path(name)).text


def _read_parents(fields: Fields) -> tuple[str, ...]:
    if not fields.has("parents"):
        return ()
    return fields.distinct("parents", _reference, most=100)


def _read_documents(fields: Fields) -> tuple[BizTransaction, ...]:
    if not fields.has("documents"):
        return ()
    documents = []
    for number, value in enumerate(fields.array("documents", most=20)):
        inner = Fields(value, where=f"{fields.path('documents')}[{number}]")
        kind, name = inner.word("type", _DOCUMENTS), inner.text("id", longest=60)
        inner.close()
        documents.append(BizTransaction(kind, name))
    return tuple(documents)


def _read_time(fields: Fields, at: datetime) -> int:
    if not fields.has("event_time"):
        return as_ms(at)
    name = fields.path("event_time")
    return parse_time_ms(fields.string("event_time"), field=name)


def document_uri(document: BizTransaction, *, gln: str) -> BizTransaction:
    """A document number as EPCIS names it, under the GLN of who issued it."""
    if document.id.startswith("urn:"):
        return document
    uri = f"urn:epcglobal:cbv:bt:{gln}:{document.id}"
    return BizTransaction(document.type, uri)

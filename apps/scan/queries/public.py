"""What the resolver answers to anybody: one pack, lot or product, and its links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from apps.catalog import queries as catalog
from apps.catalog.models import Batch, Product
from apps.core.gs1 import build_digital_link
from apps.custody.queries.units import Unit, find_unit, recalls_of_batch
from apps.scan.formats.addresses import PackAddress
from apps.scan.formats.public_rules import PublicFacts, PublicRule, decide_public
from apps.scan.formats.words import expiry_spoken
from apps.scan.queries.recall_words import spoken_recall

_LINK_TYPE = "https://ref.gs1.org/voc/"


@dataclass(frozen=True, slots=True)
class PublicPack:
    """What the public page shows; nothing in it names a partner."""

    rule: PublicRule
    reason: str
    product: Product
    address: PackAddress
    is_recalled: bool


def find_public_pack(*, address: PackAddress, at: datetime) -> PublicPack | None:
    """The answer for an address; None if the product is not registered here."""
    product = catalog.find_product(address.gtin)
    if product is None:
        return None
    unit = (
        find_unit(gtin=address.gtin, serial=address.serial) if address.serial else None
    )
    batch = (
        catalog.find_batch(gtin=address.gtin, lot=address.lot) if address.lot else None
    )
    recalls = _recalls(address, unit, batch)
    facts = _facts(address, unit, batch, recalls, today=at.astimezone(UTC).date())
    rule = decide_public(facts)
    expiry = unit.expiry_date if unit else batch.expiry_date if batch else None
    words = {"expiry": expiry_spoken(expiry)}
    if rule.code in {"recalled", "partly_recalled"}:
        words["recall"] = spoken_recall(recalls[0][0])
    return PublicPack(
        rule=rule,
        reason=str(rule.sentence) % words,
        product=product,
        address=address,
        is_recalled=facts.is_recalled,
    )


def _recalls(
    address: PackAddress, unit: Unit | None, batch: Batch | None
) -> tuple[tuple[str, bool], ...]:
    """Open recalls of what is named, with whether they surely cover it."""
    if unit is not None:
        return tuple((recall_id, True) for recall_id in unit.recall_ids)
    if batch is None or address.serial:
        return ()
    return recalls_of_batch(batch_id=batch.pk)


def _facts(
    address: PackAddress,
    unit: Unit | None,
    batch: Batch | None,
    recalls: tuple[tuple[str, bool], ...],
    *,
    today: date,
) -> PublicFacts:
    if address.serial:
        return PublicFacts(
            names="pack",
            is_known=unit is not None,
            differs=unit is not None and _differs(address, unit),
            is_recalled=bool(recalls),
            is_expired=unit is not None and today > unit.expiry_date,
            status=unit.status if unit else "",
        )
    if address.lot:
        return PublicFacts(
            names="lot",
            is_known=batch is not None,
            is_recalled=any(is_whole for _, is_whole in recalls),
            is_partly_recalled=bool(recalls),
            is_expired=batch is not None and today > batch.expiry_date,
        )
    return PublicFacts(names="product")


def _differs(address: PackAddress, unit: Unit) -> bool:
    return address.lot not in {"", unit.lot} or address.expiry_date not in {
        None,
        unit.expiry_date,
    }


def linkset(address: PackAddress, *, stem: str, product: str) -> dict[str, Any]:
    """The links of an address as RFC 9264 JSON: the page for people.

    Source: GS1-Conformant resolver standard 1.1, section on linksets.
    """
    elements = [("01", address.gtin), ("10", address.lot), ("21", address.serial)]
    anchor = build_digital_link(
        [(ai, value) for ai, value in elements if value], stem=stem
    )
    target = {"href": anchor, "title": product, "type": "text/html"}
    return {
        "linkset": [
            {
                "anchor": anchor,
                "itemDescription": product,
                f"{_LINK_TYPE}defaultLink": [target],
                f"{_LINK_TYPE}pip": [target],
            }
        ]
    }

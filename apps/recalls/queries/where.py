"""Where every unit is now, asked by GTIN, lot, expiry window or serial; and what if."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from django.db.models import QuerySet
from pyroaring import BitMap

from apps.catalog.models import Batch, Product
from apps.catalog.queries import (
    batches_visible_to,
    find_product,
    list_batches_of,
    search_products,
)
from apps.core.encoding import parse_date
from apps.core.errors import MalformedInput, TraceError
from apps.core.gs1 import Gtin, Lot, Serial
from apps.core.recall import parse_scope
from apps.custody.formats import whole
from apps.custody.queries.registry import find_positions
from apps.partners.queries import Actor
from apps.recalls.formats import scope_words
from apps.recalls.queries.recalls import Meant, is_regulator, units_meant
from apps.recalls.queries.rules import verify_may_recall
from apps.recalls.queries.shares import AffectedRows, Tally, rows_of
from apps.recalls.queries.wishes import padded_gtin, read_scope

MOST_BATCHES = 500
_MOST_ALIKE = 3
_ALIKE = 0.6  # of the characters in the same order, as difflib counts them


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is asked for; an empty text or None asks for nothing."""

    gtin: str = ""
    lot: str = ""
    serial: str = ""
    expiry_from: date | None = None
    expiry_to: date | None = None

    @property
    def subject(self) -> str:
        """The question as one line, for the log of reads."""
        parts = {
            "gtin": self.gtin,
            "lot": self.lot,
            "serial": self.serial,
            "expiry_from": self.expiry_from,
            "expiry_to": self.expiry_to,
        }
        return " ".join(f"{name}={value}" for name, value in parts.items() if value)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The answer: every unit that was asked for, and how they are spread."""

    rows: AffectedRows
    tally: Tally
    lots: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a scope would block now.

    Attributes:
        unknown: lots that are named and were never made, each with those of the
            product that are spelled alike.
    """

    product: Product
    words: str
    tally: Tally
    lots: list[str]
    unknown: list[tuple[str, list[str]]]


def read_criteria(said: Mapping[str, str]) -> Criteria:
    """Read the parameters gtin, lot, serial, expiry_from and expiry_to.

    Raises:
        MalformedInput: one that cannot be read, none at all, or a serial without
            its GTIN.
    """
    gtin, lot, serial = (
        said.get(name, "").strip() for name in ("gtin", "lot", "serial")
    )
    criteria = Criteria(
        gtin=Gtin.parse(padded_gtin(gtin)).text if gtin else "",
        lot=Lot.parse(lot).text if lot else "",
        serial=Serial.parse(serial).text if serial else "",
        expiry_from=_day(said, "expiry_from"),
        expiry_to=_day(said, "expiry_to"),
    )
    if criteria == Criteria():
        raise MalformedInput(
            "nothing_asked",
            field="gtin",
            got="none of them",
            wanted="a GTIN, lot, expiry or serial",
        )
    first, last = criteria.expiry_from, criteria.expiry_to
    if first and last and first > last:
        raise MalformedInput(
            "bad_window", field="expiry_to", got=last, wanted=f"a day from {first} on"
        )
    if criteria.serial and not criteria.gtin:
        raise MalformedInput(
            "missing_field", field="gtin", got="nothing", wanted="the serial's GTIN"
        )
    return criteria


def find_where(criteria: Criteria, *, actor: Actor) -> Whereabouts:
    """Where the units are: all for the regulator, else of the actor's own products.

    A foreign product answers like one that nobody made: no rows.

    Raises:
        MalformedInput: `too_many_batches`.
    """
    batches = list(_batches(criteria, actor)[: MOST_BATCHES + 1])
    if len(batches) > MOST_BATCHES:
        raise MalformedInput(
            "too_many_batches",
            field="gtin",
            got=f"more than {MOST_BATCHES}",
            wanted=f"a question that at most {MOST_BATCHES} fit",
        )
    meant = _meant(criteria, batches)
    rows = rows_of(meant, answers={})
    return Whereabouts(rows=rows, tally=rows.tally(), lots=len(meant))


def what_if(wish: Mapping[str, Any], *, actor: Actor) -> WhatIf | None:
    """What the recall that somebody is writing would block; None while it is unclear.

    Raises:
        TraceError: never: what cannot be read yet is unclear.
    """
    try:
        scope = parse_scope(read_scope(dict(wish.get("scope", {}))))
        product = find_product(padded_gtin(str(wish.get("gtin", "")).strip()))
        if product is None:
            return None
        verify_may_recall(product=product, by=actor.gln)
    except TraceError:
        return None
    meant = units_meant(product_id=product.pk, scope=scope)
    return WhatIf(
        product=product,
        words=scope_words(scope),
        tally=rows_of(meant, answers={}).tally(),
        lots=[each.batch.lot for each in meant],
        unknown=_unknown_lots(product, scope.lots),
    )


def _unknown_lots(
    product: Product, named: Iterable[str]
) -> list[tuple[str, list[str]]]:
    made = [each.lot for each in list_batches_of(product_id=product.pk)]
    return [
        (lot, get_close_matches(lot, made, n=_MOST_ALIKE, cutoff=_ALIKE))
        for lot in sorted(set(named) - set(made))
    ]


def may_open(actor: Actor) -> bool:
    """Whether the actor may recall anything: it signs for a maker or a regulator."""
    return actor.can_sign and bool(list_products(actor)[:1])


def list_products(actor: Actor) -> QuerySet[Product]:
    """Products that the actor may recall, by name: all for a regulator, else its own."""
    rows = search_products(actor=actor, text="")
    if actor.is_member and is_regulator(actor.gln):
        return rows
    return rows.filter(brand_owner=actor.partner)


def _batches(criteria: Criteria, actor: Actor) -> QuerySet[Batch]:
    rows = batches_visible_to(actor).select_related("product").order_by("pk")
    if criteria.gtin:
        rows = rows.filter(product__gtin=criteria.gtin)
    if criteria.lot:
        rows = rows.filter(lot=criteria.lot)
    if criteria.expiry_from:
        rows = rows.filter(expiry_date__gte=criteria.expiry_from)
    if criteria.expiry_to:
        rows = rows.filter(expiry_date__lte=criteria.expiry_to)
    return rows


def _meant(criteria: Criteria, batches: list[Batch]) -> list[Meant]:
    if not criteria.serial:
        return [Meant(batch, whole(batch.size)) for batch in batches]
    found = find_positions([(criteria.gtin, criteria.serial)])
    return [
        Meant(batch, BitMap([ordinal]))
        for batch in batches
        for batch_id, ordinal in found.values()
        if batch.pk == batch_id
    ]


def _day(said: Mapping[str, str], name: str) -> date | None:
    text = said.get(name, "").strip()
    return parse_date(text, field=name) if text else None

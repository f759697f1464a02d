"""One box that takes anything: what a text may mean, for the one who asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from urllib.parse import quote

from apps.catalog import queries as catalog
from apps.core.errors import MalformedInput
from apps.core.gs1 import CANONICAL_STEM, Scan, build_digital_link, parse_scan
from apps.custody.queries.containers import find_by_epc, place_of
from apps.custody.queries.holders import stock
from apps.custody.queries.registry import find_positions
from apps.custody.queries.units import find_unit
from apps.ledger import queries as ledger
from apps.partners import queries as partners
from apps.partners.queries import Actor

Kind = Literal[
    "pack", "batch", "product", "container", "statement", "entry", "partner", "code"
]
_HASH: Final = re.compile(r"[0-9a-fA-F]{64}")
# As pages shorten a hash: its first eight digits, or those and its last.
_SHORT_HASH: Final = re.compile(
    r"([0-9a-fA-F]{8,63})(?:(?:…|\.\.\.)([0-9a-fA-F]{2,}))?"
)
_NUMBER: Final = re.compile(r"[0-9]{1,3}(?:[,.'\u2019][0-9]{3})+|[0-9]{1,18}", re.ASCII)
_MOST: Final = 50
_MOST_PRODUCTS: Final = 200
_STATUSES: Final = ("active", "in_transit", "partially_dispensed", "dispensed")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that the text may mean, and the page about it."""

    kind: Kind
    label: str
    detail: str
    url: str


def search(*, text: str, actor: Actor, today: date) -> list[Found]:
    """What `actor` may find under `text`, the surest first; at most 50."""
    wanted = text.strip()
    bare = "".join(wanted.split())  # as it stands on pages: in groups
    if not wanted:
        return []
    if _HASH.fullmatch(bare):
        return _by_hash(bare.lower(), actor)
    # Eight digits of a hash do not agree by chance; as a code they may mean a serial.
    found = _by_short_hash(bare, actor) or _by_scan(wanted, actor, today)
    if not found:
        found = [*_by_lot(bare, actor), *_by_serial(bare, actor)]
        # Names are full of numbers: "500 mg" is no answer to entry 500.
        found += _by_entry(bare) or _by_name(wanted, actor)
    found += _by_partner(wanted, bare, actor)
    return list(dict.fromkeys(found))[:_MOST]


def _by_hash(text: str, actor: Actor) -> list[Found]:
    """A statement of the actor's own; somebody else's answers like a missing one."""
    vault = ledger.find_vault(text)
    if vault is None or not (actor.is_regulator or vault.statement.by == actor.gln):
        return []
    kind = vault.statement.kind
    return [Found("statement", text, kind, f"/ledger/statements/{text}")]


def _by_short_hash(text: str, actor: Actor) -> list[Found]:
    """Statements of the actor's own whose hash begins (and ends) so."""
    parts = _SHORT_HASH.fullmatch(text)
    if parts is None or not (actor.is_regulator or actor.gln):
        return []
    alike = ledger.list_alike(
        start=parts[1].lower(),
        end=(parts[2] or "").lower(),
        by="" if actor.is_regulator else actor.gln,
        most=_MOST,
    )
    return [
        Found("statement", statement_id, kind, f"/ledger/statements/{statement_id}")
        for statement_id, kind in alike
    ]


def _by_entry(text: str) -> list[Found]:
    """An entry of the log by its index; the log is public."""
    if not _NUMBER.fullmatch(text):
        return []
    index = int(re.sub(r"[^0-9]", "", text))
    if index >= ledger.count_leaves():
        return []
    return [Found("entry", str(index), "", f"/ledger/entries/{index}")]


def _by_partner(text: str, bare: str, actor: Actor) -> list[Found]:
    """Partners by name or GLN, for the offices that may read the register."""
    if not actor.sees_register:
        return []
    wanted = bare if bare.isdigit() else text
    rows = partners.search_partners(actor=actor, text=wanted, role="")
    return [
        Found("partner", each.name, each.gln, f"/partners/{each.gln}")
        for each in rows.order_by("name")[:_MOST]
    ]


def _by_scan(text: str, actor: Actor, today: date) -> list[Found]:
    """Only a text that is a code through and through; a bare lot number is none."""
    try:
        scan = parse_scan(text, today=today)
    except MalformedInput:
        return []
    if scan.serial is not None or scan.is_ambiguous:
        # The pack's page records the scan and answers known and unknown alike.
        return [Found("code", text, "", _scan_url(text))]
    if scan.sscc is not None:
        return _container(scan.sscc.text, actor)
    return _by_product(scan, actor)


def _container(sscc: str, actor: Actor) -> list[Found]:
    epc = f"{CANONICAL_STEM}/00/{sscc}"
    row = find_by_epc([epc]).get(epc)
    if row is None:
        return []
    place = place_of(row)
    if not (actor.is_regulator or place.holder == actor.gln):
        return []
    return [Found("container", sscc, place.status, f"/containers/{sscc}")]


def _by_product(scan: Scan, actor: Actor) -> list[Found]:
    if scan.gtin is None:
        return []
    product = catalog.visible_to(actor).filter(gtin=scan.gtin.text).first()
    if product is None:
        return []
    if scan.lot is not None:
        lots = [
            each for each in _by_lot(scan.lot.text, actor) if product.gtin in each.url
        ]
        if lots:
            return lots
    return [Found("product", str(product), product.gtin, f"/products/{product.gtin}")]


def _by_lot(text: str, actor: Actor) -> list[Found]:
    """Lots the actor made, oversees or has in stock."""
    batches = catalog.batches_visible_to(actor).filter(lot=text)
    found = [
        _batch(each.product.gtin, str(each.product), each.lot)
        for each in batches.select_related("product")[:_MOST]
    ]
    held = stock(gln=actor.gln, statuses=_STATUSES) if actor.gln else []
    found += [
        _batch(each.gtin, each.product, each.lot) for each in held if each.lot == text
    ]
    return found


def _batch(gtin: str, product: str, lot: str) -> Found:
    return Found("batch", lot, product, f"/batches/{gtin}/{quote(lot, safe='')}")


def _by_serial(text: str, actor: Actor) -> list[Found]:
    """Packs with this serial that the actor made, holds or oversees."""
    made = catalog.visible_to(actor)
    if not actor.is_regulator:
        made = made.filter(brand_owner__gln=actor.gln)
    names = {product.gtin: str(product) for product in made[:_MOST_PRODUCTS]}
    held = stock(gln=actor.gln, statuses=_STATUSES) if actor.gln else []
    candidates = {each.gtin: each.product for each in held} | names
    spelled = dict.fromkeys((text, text.upper(), text.lower()))
    packs = [
        (gtin, each) for gtin in list(candidates)[:_MOST_PRODUCTS] for each in spelled
    ]
    found = []
    for gtin, serial in sorted(find_positions(packs)):
        if gtin not in names:
            unit = find_unit(gtin=gtin, serial=serial)
            if unit is None or unit.holder != actor.gln:
                continue
        link = build_digital_link([("01", gtin), ("21", serial)])
        found.append(Found("pack", serial, candidates[gtin], _scan_url(link)))
    return found


def _scan_url(code: str) -> str:
    return f"/scan?code={quote(code, safe='')}"


def _by_name(text: str, actor: Actor) -> list[Found]:
    products = catalog.search_products(actor=actor, text=text)[:_MOST]
    return [
        Found("product", str(each), each.gtin, f"/products/{each.gtin}")
        for each in products
    ]

"""The verdict on a scanned code: gather the facts, let the rules decide, say it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from apps.catalog import queries as catalog
from apps.core.custody import IN_TRANSIT, PARTLY_SUPPLIED, SUPPLIED, Party
from apps.core.custody.state import SUPPLIERS
from apps.custody.queries.units import Link, Unit, recalls_of_batch
from apps.ledger.formats import as_ms
from apps.partners import queries as partners
from apps.partners.queries import Actor
from apps.partners.queries.names import partners_by_gln
from apps.scan.formats.facts import Facts
from apps.scan.formats.rules import Rule, decide
from apps.scan.formats.words import expiry_spoken, supply_spoken
from apps.scan.queries.custody_links import CustodyLink, is_own, known_links, show_links
from apps.scan.queries.proofs import find_receipt
from apps.scan.queries.readings import Read, read_code
from apps.scan.queries.recall_words import spoken_recall
from apps.scan.queries.surroundings import Surroundings, look_around

# Delegated Regulation (EU) 2016/161, article 13: a supply can be undone for 10 days.
UNDO_DAYS: Final = 10
_HANDING: Final = frozenset({"shipping", "returning", "recall shipping"})


@dataclass(frozen=True, slots=True)
class Undo:
    """The asker's own supply of the pack, which it may still take back."""

    ref: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is answered to one scan.

    Attributes:
        rule: the row that decided.
        read: what the code says.
        lot, expiry_date: of the record only if the asker may see it, else as read.
        unit: the pack; for deciding what may be done with it, never shown whole.
        timeline: its custody as the asker may see it.
        statement_id: of the last step the asker may read, "" if none.
        receipt: of that statement; None if there is none or it was erased.
        shipment_ref: the despatch under way to the asker, "" if none.
    """

    rule: Rule
    reason: str
    read: Read
    product: str
    lot: str
    expiry_date: date | None
    is_recalled: bool
    recall_ids: tuple[str, ...]
    unit: Unit | None
    timeline: tuple[CustodyLink, ...]
    statement_id: str
    receipt: dict[str, Any] | None
    shipment_ref: str
    undo: Undo | None

    def as_json(self) -> dict[str, Any]:
        """The answer of `GET /api/v1/verify`."""
        return {
            "verdict": self.rule.verdict,
            "code": self.rule.code,
            "product": self.product or None,
            "lot": self.lot or None,
            "expiry_date": self.expiry_date.isoformat() if self.expiry_date else None,
            "serial": self.read.serial or None,
            "is_recalled": self.is_recalled,
            "receipt": self.receipt,
            "gtin": self.read.gtin or None,
            "reason": self.reason,
            "next_step": str(self.rule.next_step),
            "alert_code": self.rule.alert or None,
            "proposal": self.read.proposal or None,
            "timeline": [link.as_json() for link in self.timeline],
        }


def judge_scan(*, code: str, actor: Actor, at: datetime) -> Verdict:
    """What `actor` is told about `code` at the aware moment `at`; nothing is written.

    Raises:
        MalformedInput: `empty`.
    """
    read = read_code(code, today=at.date())
    unit = read.unit
    around = look_around(unit, gln=actor.gln) if unit else Surroundings(Party(gln=""))
    links = around.links
    recall_ids = unit.recall_ids if unit is not None else _recalls_of_lot(read)
    facts = _facts(read, around, recall_ids, actor=actor, at=at)
    product, owner = _product(read)
    if read.gtin and not product:
        facts = replace(facts, is_product_known=False)
    rule = decide(facts)
    known = known_links(links, actor=actor)
    may_see = actor.is_regulator or actor.gln == owner or bool(known)
    lot, expiry_date = _shown(read, facts, may_see=may_see)
    statement_id = _last_statement(known, actor)
    return Verdict(
        rule=rule,
        reason=_reason(rule, read, links, recall_ids, actor=actor, at=at),
        read=read,
        product=product,
        lot=lot,
        expiry_date=expiry_date,
        is_recalled=bool(recall_ids),
        recall_ids=recall_ids,
        unit=unit,
        timeline=tuple(
            show_links(known, actor=actor, brand_owner=owner, around=around)
        ),
        statement_id=statement_id,
        receipt=_receipt(statement_id, around, actor),
        shipment_ref=_handed(links, actor) if facts.is_sent_to_you else "",
        undo=_find_undo(unit, links, facts, actor=actor, at=at),
    )


def _product(read: Read) -> tuple[str, str]:
    """The product as it is shown, and the GLN of its brand owner; "" if unknown."""
    if unit := read.unit:
        return _spoken(unit.product, unit.pack_size), unit.brand_owner
    product = catalog.find_product(read.gtin) if read.gtin else None
    if product is None:
        return "", ""
    return _spoken(str(product), product.pack_size), product.brand_owner.gln


def _spoken(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _receipt(
    statement_id: str, around: Surroundings, actor: Actor
) -> dict[str, Any] | None:
    if actor.is_regulator:  # may read what others said, whose receipts did not come
        return find_receipt(statement_id)
    stored = around.receipts.get(statement_id)
    receipt: dict[str, Any] | None = json.loads(stored) if stored else None
    return receipt


def _recalls_of_lot(read: Read) -> tuple[str, ...]:
    """Recalls of the whole lot that was read, for a code that names no known pack."""
    if not (read.gtin and read.lot):
        return ()
    batch = catalog.find_batch(gtin=read.gtin, lot=read.lot)
    if batch is None:
        return ()
    found = recalls_of_batch(batch_id=batch.pk)
    return tuple(recall_id for recall_id, is_whole in found if is_whole)


def _facts(
    read: Read,
    around: Surroundings,
    recall_ids: tuple[str, ...],
    *,
    actor: Actor,
    at: datetime,
) -> Facts:
    unit = read.unit
    if unit is None:
        return Facts(
            reading=read.kind,
            is_known=False,
            is_lot_known=_is_lot_known(read),
            is_case_swapped=read.is_case_swapped,
            is_recalled=bool(recall_ids),
            status="",
            is_yours=False,
            may_supply=False,
        )
    is_yours = unit.holder == actor.gln
    return Facts(
        reading=read.kind,
        is_case_swapped=read.is_case_swapped,
        lot_differs=read.lot not in {"", unit.lot},
        expiry_differs=read.expiry_date not in {None, unit.expiry_date},
        is_recalled=bool(recall_ids),
        is_held=bool(unit.holds),
        is_expired=at.astimezone(UTC).date() > unit.expiry_date,
        status=unit.status,
        is_yours=is_yours,
        is_sent_to_you=unit.status == IN_TRANSIT and bool(_handed(around.links, actor)),
        is_inspector=actor.is_regulator,
        may_supply=is_yours
        and around.asker.is_licensed(SUPPLIERS, gtin=unit.gtin, at_ms=as_ms(at)),
    )


def _is_lot_known(read: Read) -> bool:
    if not (read.gtin and read.lot):
        return True
    return catalog.find_batch(gtin=read.gtin, lot=read.lot) is not None


def _handed(links: Sequence[Link], actor: Actor) -> str:
    """The pack's last despatch if it went to `actor`, else ""."""
    for link in reversed(links):
        if link.rule in _HANDING:
            return link.ref if link.counterparty == actor.gln else ""
    return ""


def _shown(read: Read, facts: Facts, *, may_see: bool) -> tuple[str, date | None]:
    """Lot and expiry to show; of a doubtful code never what the record says."""
    unit = read.unit
    is_doubtful = facts.lot_differs or facts.expiry_differs or facts.is_case_swapped
    if unit is None or is_doubtful or not may_see:
        return read.lot, read.expiry_date
    return unit.lot, unit.expiry_date


def _reason(
    rule: Rule,
    read: Read,
    links: Sequence[Link],
    recall_ids: tuple[str, ...],
    *,
    actor: Actor,
    at: datetime,
) -> str:
    unit = read.unit
    words: dict[str, str] = {}  # what this rule's sentence leaves open
    if rule.code == "recalled":
        words["recall"] = spoken_recall(recall_ids[0])
    elif unit is None:
        pass
    elif rule.code == "already_dispensed":
        words["supply"] = _spoken_supply(unit, links, actor=actor, at=at)
    elif rule.code == "expired":
        words["expiry"] = expiry_spoken(unit.expiry_date)
    elif rule.code == "not_in_your_custody" and actor.is_regulator:
        words["holder"] = _holder_name(unit)
    return str(rule.sentence) % words


def _holder_name(unit: Unit) -> str:
    partner = partners_by_gln([unit.holder]).get(unit.holder)
    return partner.name if partner else unit.holder


def _spoken_supply(
    unit: Unit, links: Sequence[Link], *, actor: Actor, at: datetime
) -> str:
    link = _supply_of(links, actor) if unit.holder == actor.gln else None
    sites = partners.list_sites(gln=actor.gln) if link else []
    name = next((site.name for site in sites if site.gln == unit.site), "")
    return supply_spoken(
        supplied_ms=link.accepted_ms if link else None,
        at=at,
        site=name if len(sites) > 1 else "",
    )


def _supply_of(links: Sequence[Link], actor: Actor) -> Link | None:
    """The asker's last supply of the pack that was not taken back."""
    for link in reversed(links):
        is_supply = link.target_status in {SUPPLIED, PARTLY_SUPPLIED}
        if is_supply and link.by == actor.gln and not link.is_corrected:
            return link
    return None


def _find_undo(
    unit: Unit | None,
    links: Sequence[Link],
    facts: Facts,
    *,
    actor: Actor,
    at: datetime,
) -> Undo | None:
    if unit is None or unit.status not in {SUPPLIED, PARTLY_SUPPLIED}:
        return None
    link = _supply_of(links, actor)
    if link is None or not facts.is_yours or facts.is_recalled or facts.is_expired:
        return None
    supplied_at = datetime.fromtimestamp(link.accepted_ms / 1000, tz=UTC)
    until = supplied_at + timedelta(days=UNDO_DAYS)
    return Undo(link.ref, until) if at <= until else None


def _last_statement(known: Sequence[Link], actor: Actor) -> str:
    for link in reversed(known):
        if actor.is_regulator or is_own(link, gln=actor.gln):
            return link.statement_id
    return ""

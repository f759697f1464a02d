"""What anybody may be told about a pack without logging in: rows in order.

No partner, no place, no time, and not whether the pack was supplied: a patient asks
whether it is genuine and what to do, and a stranger must learn nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_ALIVE: Final = frozenset(
    {"active", "in_transit", "dispensed", "partially_dispensed", "exported"}
)


@dataclass(frozen=True, slots=True)
class PublicFacts:
    """What the public page decides by.

    Attributes:
        names: what the address names.
        is_known: the ledger has it.
        differs: lot or expiry date of the address are not those of the pack.
        is_recalled: the pack, or the whole lot.
        is_partly_recalled: some packs of the lot, the one at hand unknown.
        status: of the pack, "" where none is named.
    """

    names: Literal["product", "lot", "pack"]
    is_known: bool = True
    differs: bool = False
    is_recalled: bool = False
    is_partly_recalled: bool = False
    is_expired: bool = False
    status: str = ""


@dataclass(frozen=True, slots=True)
class PublicRule:
    """One row: the word on the band, what it means, what to do."""

    code: str
    state: Literal["go", "stop", "think", "past"]
    word: str | Promise
    holds: Callable[[PublicFacts], bool]
    sentence: str | Promise
    to_do: str | Promise


_ASK = _("Do not use it. Take it to a pharmacy and show this page.")

PUBLIC_RULES: Final[tuple[PublicRule, ...]] = (
    PublicRule(
        "unknown",
        "stop",
        _("Not known here"),
        lambda facts: not facts.is_known,
        _("This product is on record, but this number is not."),
        _ASK,
    ),
    PublicRule(
        "differs",
        "stop",
        _("Does not match"),
        lambda facts: facts.differs,
        _("Lot or expiry date in the code are not those on record for this pack."),
        _ASK,
    ),
    PublicRule(
        "recalled",
        "stop",
        _("Recalled"),
        lambda facts: facts.is_recalled,
        "%(recall)s",
        _("Do not use it. Take it back to your pharmacy; if you already used it and "
          "feel unwell, see a doctor."),
    ),
    PublicRule(
        "ended",
        "stop",
        _("Do not use"),
        lambda facts: facts.names == "pack" and facts.status not in _ALIVE,
        _("This pack was taken out of use."),
        _ASK,
    ),
    PublicRule(
        "expired",
        "stop",
        _("Expired"),
        lambda facts: facts.is_expired,
        _("The last day of use has passed: %(expiry)s."),
        _("Do not use it. Hand it in at a pharmacy."),
    ),
    PublicRule(
        "genuine",
        "go",
        _("Genuine"),
        lambda facts: facts.names == "pack",
        _("Its maker put this pack on record, and it is not recalled."),
        _("Check that seal, lot and expiry date look as printed. A copied code looks "
          "genuine too: if in doubt, ask a pharmacy."),
    ),
    PublicRule(
        "partly_recalled",
        "think",
        _("Some recalled"),
        lambda facts: facts.is_partly_recalled,
        "%(recall)s",
        _("Some packs of this lot are recalled. Scan the square code on your pack."),
    ),
    PublicRule(
        "lot_known",
        "past",
        _("Lot on record"),
        lambda facts: facts.names == "lot",
        _("This lot is on record and not recalled."),
        _("Scan the square code on the pack to check that pack."),
    ),
    PublicRule(
        "product_known",
        "past",
        _("On record"),
        lambda facts: facts.names == "product",
        _("This product is on record."),
        _("Scan the square code on the pack to check that pack."),
    ),
)  # fmt: skip


def decide_public(facts: PublicFacts) -> PublicRule:
    """The first rule that holds; the last ones hold for all that is named."""
    return next(rule for rule in PUBLIC_RULES if rule.holds(facts))

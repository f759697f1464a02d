"""A despatch as a row of a list: who, how much, how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.custody.queries.shipments import Despatch
from apps.custody.queries.travels import Progress
from apps.custody.views.parts import Condition, packs, shipment_url
from apps.partners.models import TradingPartner


@dataclass(frozen=True, slots=True)
class DespatchRow:
    """A despatch with names and state."""

    despatch: Despatch
    sender: str
    addressee: str
    url: str
    progress: Progress
    condition: Condition
    what: str

    @property
    def is_short(self) -> bool:
        """A part came, and a part is still missing."""
        return self.despatch.is_open and self.progress.received > 0


def despatch_row(
    despatch: Despatch,
    progress: Mapping[str, Progress],
    partners: Mapping[str, TradingPartner],
) -> DespatchRow:
    """The row of one despatch."""
    done = progress.get(despatch.ref, Progress())
    return DespatchRow(
        despatch=despatch,
        sender=_name(despatch.sender, partners),
        addressee=_name(despatch.addressee, partners),
        url=shipment_url(despatch.ref),
        progress=done,
        condition=_condition(despatch, done),
        what=_what(despatch),
    )


def _name(gln: str, partners: Mapping[str, TradingPartner]) -> str:
    partner = partners.get(gln)
    return partner.name if partner else gln


def _condition(despatch: Despatch, done: Progress) -> Condition:
    if despatch.is_open and done.received:
        word = _("%(packs)s missing") % {"packs": packs(despatch.open_count)}
        return Condition("think", word)
    if despatch.is_open:
        return Condition("past", _("under way"))
    if done.received == despatch.sent_count:
        return Condition("go", _("received"))
    if not done.received and not done.lost:
        return Condition("past", _("withdrawn"))
    return Condition("think", _("closed short"))


def _what(despatch: Despatch) -> str:
    lots = despatch.lots
    named = ", ".join(f"{lot.product} {lot.lot}" for lot in lots[:3])
    return f"{named} …" if len(lots) > 3 else named

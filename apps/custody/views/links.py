"""Signed steps as links of the timeline part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.custody.queries.travels import Step
from apps.custody.queries.words import meaning_of
from apps.custody.views.parts import packs, when
from apps.ledger import queries as ledger
from apps.partners.models import TradingPartner
from apps.partners.queries import Actor, Mark, marks_of, names_of
from apps.partners.queries.names import partners_by_gln

_ICONS: Final[Mapping[str, str]] = {
    "commissioning": "make",
    "shipping": "ship",
    "returning": "return",
    "recall shipping": "recall",
    "receiving": "receive",
    "receiving a return": "return",
    "supplying": "dispense",
    "supplying a part": "dispense",
    "undoing a supply": "return",
    "voiding": "cross",
    "ending": "cross",
}
_WORDS: Final[Mapping[str, str | Promise]] = {
    "commissioning": gettext_lazy("made and numbered %(packs)s"),
    "shipping": gettext_lazy("sent %(packs)s to %(name)s"),
    "returning": gettext_lazy("sent %(packs)s back to %(name)s"),
    "recall shipping": gettext_lazy("sent %(packs)s back to %(name)s under recall"),
    "receiving": gettext_lazy("received %(packs)s"),
    "receiving a return": gettext_lazy("took %(packs)s back"),
    "supplying": gettext_lazy("supplied %(packs)s"),
    "supplying a part": gettext_lazy("opened %(packs)s"),
    "undoing a supply": gettext_lazy("took the supply of %(packs)s back"),
    "voiding": gettext_lazy("withdrew %(packs)s"),
    "correcting": gettext_lazy("corrected an entry about %(packs)s"),
}
_ENDS: Final[Mapping[str, str | Promise]] = {
    "unavailable": gettext_lazy("reported %(packs)s as lost"),
    "stolen": gettext_lazy("reported %(packs)s as stolen"),
    "destroyed": gettext_lazy("destroyed %(packs)s"),
    "inactive": gettext_lazy("ended the serials of %(packs)s"),
    "in_transit": gettext_lazy("exported %(packs)s"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain, as _timeline.html takes it."""

    icon: str
    party: str
    what: str
    at: datetime
    by: str
    meaning: str
    is_inferred: bool
    is_you: bool
    url: str
    proof: str = ""
    mark: Mark | None = None


def links_of(steps: Sequence[Step], *, actor: Actor) -> list[Link]:
    """The steps in words.

    Only its own party and the regulator may read a statement and who signed it.
    """
    partners = partners_by_gln(
        gln for step in steps for gln in (step.by, step.counterparty)
    )
    readable = [each for each in steps if _may_read(each, actor)]
    signers = ledger.signers_of(each.statement_id for each in readable)
    people = names_of(set(signers.values()))
    marks = marks_of(each.statement_id for each in readable)
    return [
        Link(
            icon=_ICONS.get(step.rule, "link"),
            party=_name(step.by, partners),
            what=_what(step, partners),
            at=when(step.accepted_ms),
            by=people.get(signers.get(step.statement_id, ""), ""),
            meaning=meaning_of(rule=step.rule, biz_step=step.biz_step),
            is_inferred=step.is_inferred,
            is_you=step.by == actor.gln,
            url=f"/ledger/statements/{step.statement_id}"
            if _may_read(step, actor)
            else "",
            mark=marks.get(step.statement_id),
        )
        for step in steps
    ]


def _may_read(step: Step, actor: Actor) -> bool:
    return actor.is_regulator or step.by == actor.gln


def _name(gln: str, partners: Mapping[str, TradingPartner]) -> str:
    partner = partners.get(gln)
    return partner.name if partner else gln


def _what(step: Step, partners: Mapping[str, TradingPartner]) -> str:
    if step.count is None:
        return _("made and numbered the lot")
    words = _WORDS.get(step.rule, "%(packs)s")
    if step.rule == "ending":
        words = _ENDS.get(step.disposition, words)
    name = _name(step.counterparty, partners)
    return str(words) % {"packs": packs(step.count), "name": name}

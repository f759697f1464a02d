"""A pack's custody as its asker may see it.

A partner sees its own links with the names of both sides; links before them only as
role and country; what came after its last own link, nothing. The brand owner is named
throughout: its name is printed on the pack. A regulator sees everything.
Source: DESIGN section 8, last paragraph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from apps.custody.queries.units import Link
from apps.partners.queries import Actor, Mark, marks_of
from apps.scan.queries.surroundings import Named, Surroundings

# Rule of the law → icon, what happened with and without a name on the other side.
_STEPS: Mapping[str, tuple[str, str, str]] = {
    "commissioning": ("make", "", gettext_noop("made and numbered")),
    "shipping": ("ship", gettext_noop("sent to %(to)s"), gettext_noop("sent")),
    "returning": (
        "return",
        gettext_noop("sent back to %(to)s"),
        gettext_noop("sent back"),
    ),
    "recall shipping": (
        "recall",
        gettext_noop("sent back under recall to %(to)s"),
        gettext_noop("sent back under recall"),
    ),
    "receiving": ("receive", "", gettext_noop("received")),
    "receiving a return": ("return", "", gettext_noop("received as a return")),
    "voiding": ("cross", "", gettext_noop("took the despatch back")),
    "supplying": ("dispense", "", gettext_noop("supplied")),
    "supplying a part": ("dispense", "", gettext_noop("opened, a part supplied")),
    "undoing a supply": ("return", "", gettext_noop("took the supply back")),
    "ending": ("cross", "", gettext_noop("ended the serial number")),
    "correcting": ("note", "", gettext_noop("corrected an entry")),
}
_ROLES = {
    "manufacturer": gettext_lazy("Licensed manufacturer"),
    "wholesaler": gettext_lazy("Licensed wholesaler"),
    "pharmacy": gettext_lazy("Licensed pharmacy"),
    "hospital": gettext_lazy("Licensed hospital"),
    "carrier": gettext_lazy("Licensed carrier"),
}


@dataclass(frozen=True, slots=True)
class CustodyLink:
    """One step as it may be shown.

    Attributes:
        party: name, or role and country.
        at: the moment of a link that is the asker's own, else the day.
        statement_id: "" unless the asker may read the statement.
        mark: why that statement wants another look, if it does.
    """

    icon: str
    party: str
    what: str
    at: datetime | date
    is_inferred: bool
    is_you: bool
    is_named: bool
    statement_id: str
    mark: Mark | None = None

    def as_json(self) -> dict[str, object]:
        """One entry of `timeline` in the answer of the machine door."""
        return {
            "party": self.party,
            "what": self.what,
            "at": _json_time(self.at),
            "is_you": self.is_you,
            "is_inferred": self.is_inferred,
            "statement_id": self.statement_id or None,
        }


def _json_time(at: datetime | date) -> str:
    if isinstance(at, datetime):
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    return at.isoformat()


def is_own(link: Link, *, gln: str) -> bool:
    """Whether the asker said it, or it was said of goods from or to the asker."""
    sides = {link.by, link.source_holder, link.target_holder, link.counterparty}
    return bool(gln) and gln in sides


def known_links(links: Sequence[Link], *, actor: Actor) -> list[Link]:
    """The links that `actor` may know of, oldest first: all up to its own last one."""
    if actor.is_regulator:
        return list(links)
    own = [at for at, link in enumerate(links) if is_own(link, gln=actor.gln)]
    return list(links[: own[-1] + 1]) if own else []


def show_links(
    links: Sequence[Link], *, actor: Actor, brand_owner: str, around: Surroundings
) -> list[CustodyLink]:
    """Known links of the kinds that move a pack, as `actor` may see them."""
    shown = [
        _show(link, actor=actor, brand_owner=brand_owner, partners=around.names)
        for link in links
        if link.rule in _STEPS
    ]
    if not around.has_suspects:
        return shown
    marks = marks_of(link.statement_id for link in shown if link.statement_id)
    return [replace(link, mark=marks.get(link.statement_id)) for link in shown]


def _show(
    link: Link,
    *,
    actor: Actor,
    brand_owner: str,
    partners: Mapping[str, Named],
) -> CustodyLink:
    is_open = actor.is_regulator or is_own(link, gln=actor.gln)
    is_said = actor.is_regulator or link.by == actor.gln
    is_named = is_open or link.by == brand_owner
    icon, named, plain = _STEPS[link.rule]
    to = partners.get(link.counterparty) if is_open else None
    at = datetime.fromtimestamp(link.accepted_ms / 1000, tz=UTC)
    return CustodyLink(
        icon=icon,
        party=_party(partners.get(link.by), is_named=is_named),
        what=_(named) % {"to": to.name} if to and named else _(plain),
        at=at if is_open else at.date(),
        is_inferred=link.is_inferred,
        is_you=link.by == actor.gln,
        is_named=is_named,
        statement_id=link.statement_id if is_said else "",
    )


def _party(partner: Named | None, *, is_named: bool) -> str:
    if partner is None:
        return _("Former partner")
    if is_named:
        return partner.name
    role = _ROLES.get(partner.role, gettext_lazy("Licensed partner"))
    return f"{role}, {partner.country}"

"""Parts and words that several pages share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import quote

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core.errors import MalformedInput
from apps.custody.queries.words import short
from apps.edge.templatetags.show import number
from apps.partners import operations as partners
from apps.partners.queries import Actor

EXPIRES_SOON_DAYS: Final = 90
SSCC_DIGITS: Final = 18
STATUS_WORDS: Final[Mapping[str, str | Promise]] = {
    "active": gettext_lazy("in stock"),
    "in_transit": gettext_lazy("under way"),
    "partially_dispensed": gettext_lazy("opened"),
    "dispensed": gettext_lazy("supplied"),
    "decommissioned": gettext_lazy("decommissioned"),
    "destroyed": gettext_lazy("destroyed"),
    "exported": gettext_lazy("exported"),
    "lost": gettext_lazy("lost"),
    "sampled": gettext_lazy("sampled"),
    "stolen": gettext_lazy("stolen"),
    "passed_on": gettext_lazy("passed on"),
}
_SENDERS: Final = frozenset({"manufacturer", "wholesaler", "carrier"})
_SHAPES: Final = {"active": "go", "in_transit": "past", "partially_dispensed": "go"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A state as shape and word."""

    state: str
    word: str


def condition(
    *, status: str, expiry_date: date, count: int, recalled: int, held: int, today: date
) -> Condition:
    """What somebody who holds the units must know first: worst comes first."""
    if recalled:
        return Condition("stop", _of(recalled, count, _("recalled")))
    if status not in ("active", "in_transit", "partially_dispensed", "passed_on"):
        return Condition("past", str(STATUS_WORDS[status]))
    if held:
        return Condition("think", _of(held, count, _("on hold")))
    days = (expiry_date - today).days
    if days < 0:
        return Condition("stop", _("expired"))
    if days <= EXPIRES_SOON_DAYS:
        word = ngettext("expires in %d day", "expires in %d days", days) % days
        return Condition("think", word)
    return Condition(_SHAPES.get(status, "past"), str(STATUS_WORDS[status]))


def _of(part: int, count: int, word: str) -> str:
    if part >= count:
        return word
    return _("%(part)d of %(count)d %(word)s") % {
        "part": part,
        "count": count,
        "word": word,
    }


def why_not_shipped(
    *, expiry_date: date | None, recalled: int, held: int, today: date
) -> str:
    """Why goods cannot go out on a sale, "" if they can."""
    if recalled:
        return _("recalled")
    if held:
        return _("on hold")
    if expiry_date is not None and expiry_date < today:
        return _("expired")
    return ""


def may_send(actor: Actor) -> bool:
    """Whether packing and shipping are this organisation's trade."""
    return actor.partner is not None and actor.partner.role in _SENDERS


def batch_url(gtin: str, lot: str) -> str:
    """The page of a batch."""
    return f"/batches/{gtin}/{quote(lot, safe='')}"


def container_url(epc: str) -> str:
    """The page of a container."""
    return f"/containers/{short(epc)}"


def shipment_url(ref: str) -> str:
    """The page of a despatch; `#` of a line in a file would end the address."""
    return f"/shipments/{quote(ref, safe='')}"


def when(ms: int) -> datetime:
    """Milliseconds since 1970 as an aware moment."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def chosen(request: HttpRequest, name: str, allowed: Mapping[str, Any]) -> str:
    """A word of the query that is one of `allowed`; else the first of them.

    Raises:
        MalformedInput: `unknown_word`.
    """
    text = request.GET.get(name, "")
    if not text:
        return next(iter(allowed), "")
    if text not in allowed:
        raise MalformedInput(
            "unknown_word", field=name, got=text, wanted=", ".join(allowed)
        )
    return text


def note_read(*, actor: Actor, action: str, subject: str, at: datetime) -> None:
    """A regulator sees everything, and every such read is written down."""
    partners.note_read(actor=actor, action=action, subject=subject, at=at)


def packs(count: int) -> str:
    """A count in words: 1 pack, 1,920 packs."""
    return ngettext("%(n)s pack", "%(n)s packs", count) % {"n": number(count)}

"""What stands around every page: organisation, navigation, inbox, state of the ledger."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.anchoring import queries as anchoring
from apps.partners import queries as partners
from apps.partners.authentication import actor_of, running_shift
from apps.partners.queries import Actor, ShiftRow
from pharmatrace.waiting import count_inbox

_TRADE = [
    ("/recalls", gettext_noop("Recalls")),
    ("/alerts", gettext_noop("Alerts")),
]
_COUNTER = [
    ("/scan", gettext_noop("Scan")),
    ("/receive", gettext_noop("Receive")),
    ("/stock", gettext_noop("Stock")),
    *_TRADE,
]
_DOCK = [
    ("/receive", gettext_noop("Receive")),
    ("/ship", gettext_noop("Ship")),
    ("/stock", gettext_noop("Stock")),
    ("/returns", gettext_noop("Returns")),
    *_TRADE,
]
_PLANT = [
    ("/uploads", gettext_noop("Upload")),
    ("/products", gettext_noop("Products")),
    ("/ship", gettext_noop("Pack & ship")),
    ("/stock", gettext_noop("Stock")),
    *_TRADE,
]
# Pages that belong to a word of the navigation but have an address of their own.
_WITHIN = {
    "/uploads": ("/pools", "/aggregations", "/label-runs"),
    "/ship": ("/pack", "/shipments"),
    "/stock": ("/batches", "/containers"),
}
_NAVIGATION = {
    "pharmacy": _COUNTER,
    "hospital": _COUNTER,
    "wholesaler": _DOCK,
    "carrier": _DOCK,
    "manufacturer": _PLANT,
    "regulator": [
        ("/query", gettext_noop("Query")),
        *_TRADE,
        ("/partners", gettext_noop("Partners")),
        ("/ledger", gettext_noop("Ledger")),
    ],
    "operator": [
        ("/partners", gettext_noop("Partners")),
        ("/ledger", gettext_noop("Ledger")),
        ("/closing", gettext_noop("Closing")),
    ],
}


@dataclass(frozen=True, slots=True)
class NavItem:
    """One word of the navigation; `current` on the page where the reader is."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of one page; empty texts and zeros for a stranger."""

    organisation_name: str
    role: str
    gln: str
    person: str
    inbox_count: int
    nav: tuple[NavItem, ...]
    shift: ShiftRow | None
    can_sign: bool
    log_size: int
    checkpoint_age: str
    checkpoint_at: datetime | None
    witnesses_label: str
    trust_state: str


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the frame, built only if the template asks for it."""
    return {"frame": SimpleLazyObject(lambda: build_frame(request, timezone.now()))}


def build_frame(request: HttpRequest, at: datetime) -> Frame:
    """The frame around a page for whoever asks, at the aware moment `at`."""
    actor = actor_of(request) if hasattr(request, "user") else partners.STRANGER
    status = anchoring.status(at=at)
    partner = actor.partner
    return Frame(
        organisation_name=partner.name if partner else "",
        role=partner.get_role_display() if partner else "",
        gln=actor.gln,
        person=partners.display_name(actor.user) if actor.user else "",
        inbox_count=count_inbox(actor),
        nav=_navigation(actor, request.path),
        shift=running_shift(request, at=at) if actor.partner else None,
        can_sign=actor.can_sign,
        log_size=status.log_size,
        checkpoint_age=_age(status.age_seconds),
        checkpoint_at=status.signed_at,
        witnesses_label=status.witnesses_label,
        trust_state=status.state,
    )


def _navigation(actor: Actor, path: str) -> tuple[NavItem, ...]:
    role = actor.partner.role if actor.partner else ""
    return tuple(
        NavItem(
            label=_(label),
            url=url,
            current=any(
                path == each or path.startswith(f"{each}/")
                for each in (url, *_WITHIN.get(url, ()))
            ),
        )
        for url, label in _NAVIGATION.get(role, [])
        if _is_routed(url)
    )


@lru_cache(maxsize=64)
def _is_routed(url: str) -> bool:
    """True if the site has a page at `url`: no word of the navigation leads nowhere."""
    try:
        resolve(url)
    except Resolver404:
        return False
    return True


def _age(seconds: int | None) -> str:
    if seconds is None:
        return _("not yet")
    if seconds < 120:
        return _("%(n)d s ago") % {"n": seconds}
    if seconds < 7200:
        return _("%(n)d min ago") % {"n": seconds // 60}
    return _("%(n)d h ago") % {"n": seconds // 3600}

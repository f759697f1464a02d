"""What stands around every page: organisation, navigation, inbox, state of the ledger."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache, partial
from math import ceil
from typing import Any

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.anchoring import queries as anchoring
from apps.anchoring.queries import Status
from apps.edge import replica
from apps.edge.once import once
from apps.partners import queries as partners
from apps.partners.authentication import actor_of, running_shift
from apps.partners.queries import Actor, ShiftRow
from pharmatrace.inbox import count_inbox

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


class Frame:
    """The frame of one page; empty texts and zeros for a stranger.

    A part of a page that shows no inbox does not count it: what costs a question is
    asked when the template comes to it.
    """

    def __init__(self, request: HttpRequest, at: datetime) -> None:
        self._request, self._at = request, at
        has_user = hasattr(request, "user")  # the log's own pages have none
        self._actor = actor_of(request) if has_user else partners.STRANGER

    @property
    def organisation_name(self) -> str:
        """Whom the reader acts for."""
        return self._actor.partner.name if self._actor.partner else ""

    @property
    def role(self) -> str:
        """What its licence is for, in words."""
        partner = self._actor.partner
        return partner.get_role_display() if partner else ""

    @property
    def gln(self) -> str:
        """Its GLN."""
        return self._actor.gln

    @cached_property
    def person(self) -> str:
        """The reader, by name."""
        return partners.display_name(self._actor.user) if self._actor.user else ""

    @cached_property
    def inbox_count(self) -> int:
        """How much waits for the reader."""
        return count_inbox(self._actor)

    @cached_property
    def nav(self) -> tuple[NavItem, ...]:
        """The words of the navigation."""
        return _navigation(self._actor, self._request.path)

    @cached_property
    def shift(self) -> ShiftRow | None:
        """The shift that this session began, while it runs."""
        if not self._actor.partner:
            return None
        return running_shift(self._request, at=self._at)

    @property
    def can_sign(self) -> bool:
        """Whether the reader may sign."""
        return self._actor.can_sign

    @cached_property
    def _status(self) -> Status:
        return once(self._request, "log_status", partial(anchoring.status, at=self._at))

    @property
    def log_size(self) -> int:
        """Leaves under the published checkpoint."""
        return self._status.log_size

    @property
    def checkpoint_age(self) -> str:
        """How long ago somebody put a name under it."""
        return _age(self._status.age_seconds)

    @property
    def checkpoint_at(self) -> datetime | None:
        """When that was."""
        return self._status.signed_at

    @property
    def seconds_behind(self) -> int:
        """How old at most what the page shows is; 0 if it was read from the primary."""
        return ceil(replica.current().age_seconds)

    @property
    def witnesses_label(self) -> str:
        """How many witnesses have."""
        return self._status.witnesses_label

    @property
    def trust_state(self) -> str:
        """`go`, `think` or `stop`."""
        return self._status.state


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the frame, built only if the template asks for it."""
    return {"frame": SimpleLazyObject(lambda: Frame(request, timezone.now()))}


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

"""Pages whose form ends in a signature: open, change, end and answer a recall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.catalog.models import Product
from apps.core.bodies import ANSWER_STATES
from apps.core.recall import CLASSES, DEPTHS, Scope, parse_scope
from apps.edge.page_parts import Bar, SignPanel
from apps.partners.authentication import actor_of, signer_required
from apps.partners.queries import Actor
from apps.recalls.formats import ANSWER_WORDS, DEPTH_WORDS, scope_words
from apps.recalls.models import Recall
from apps.recalls.queries.case import Case
from apps.recalls.queries.own_lots import OwnLot, list_own_lots
from apps.recalls.queries.recalls import may_change
from apps.recalls.queries.where import WhatIf, list_products, what_if
from apps.recalls.views.parts import (
    bar_of,
    get_visible,
    note_read,
)

_MOST_PRODUCTS = 500
_STATES = (
    "quarantined",
    "returned",
    "destroyed",
    "supplied",
    "in_transit",
    "not_found",
)


@dataclass(frozen=True, slots=True)
class OpenPage:
    """Five fields, what they would block, and the sentence."""

    products: list[Product]
    gtin: str
    lot: str
    classes: tuple[str, ...]
    depths: list[tuple[str, str]]
    wish: dict[str, str]
    sign: SignPanel


@dataclass(frozen=True, slots=True)
class WhatIfPart:
    """What would be blocked now; `found` is None while the form is unclear."""

    found: WhatIf | None
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class ScopeFields:
    """A scope as a form shows it: lists one a line."""

    lots: str
    serials: str
    ranges: str
    expiry_from: str
    expiry_to: str


@dataclass(frozen=True, slots=True)
class ChangePage:
    """An amendment or the end of a recall."""

    recall: Recall
    scope: str
    fields: ScopeFields
    wish: dict[str, str]
    sign: SignPanel


@dataclass(frozen=True, slots=True)
class StateField:
    """One count of an answer."""

    name: str
    label: str
    value: int


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """What became of the units of one lot."""

    recall: Recall
    own: OwnLot
    states: list[StateField]
    wish: dict[str, str]
    sign: SignPanel


@require_safe
@signer_required
def recall_new(request: HttpRequest) -> HttpResponse:
    """The form that opens a recall."""
    products = list(list_products(actor_of(request))[:_MOST_PRODUCTS])
    if not products:
        raise PermissionDenied
    page = OpenPage(
        products=products,
        gtin=request.GET.get("gtin", ""),
        lot=request.GET.get("lot", ""),
        classes=CLASSES,
        depths=[(depth, str(DEPTH_WORDS[depth])) for depth in DEPTHS],
        wish={"kind": "recall.open"},
        sign=SignPanel(
            label=_("Sign and block these packs now"),
            meaning=_("recalls the units"),
        ),
    )
    return render(request, "recalls/recall_new.html", {"page": page})


@require_safe
@signer_required
def recall_what_if(request: HttpRequest) -> HttpResponse:
    """The part of the form that counts what would be blocked."""
    actor, wish = actor_of(request), _wish_of(request)
    found = what_if(wish, actor=actor)
    note_read(actor, "recalls.what_if", wish["gtin"], timezone.now())
    part = WhatIfPart(found=found, bar=bar_of(found.tally) if found else None)
    return render(request, "recalls/_what_if.html", {"part": part})


@require_safe
@signer_required
def recall_amend(request: HttpRequest, recall_id: str) -> HttpResponse:
    """The form that changes what a recall covers."""
    recall = _own(recall_id, actor_of(request), "recalls.amend")
    sign = SignPanel(
        label=_("Sign and change the scope"),
        meaning=_("changes what the recall covers"),
    )
    page = _change(recall, kind="recall.amend", sign=sign)
    return render(request, "recalls/recall_amend.html", {"page": page})


@require_safe
@signer_required
def recall_close(request: HttpRequest, recall_id: str) -> HttpResponse:
    """The form that ends a recall."""
    recall = _own(recall_id, actor_of(request), "recalls.close")
    sign = SignPanel(label=_("Sign and end the recall"), meaning=_("ends the recall"))
    page = _change(recall, kind="recall.close", sign=sign)
    return render(request, "recalls/recall_close.html", {"page": page})


@require_safe
@signer_required
def recall_answer(request: HttpRequest, recall_id: str) -> HttpResponse:
    """The form with which a holder says what became of a lot's units."""
    actor = actor_of(request)
    recall = get_visible(recall_id, actor)
    lots = list_own_lots(case=Case(recall), actor=actor)
    wanted = request.GET.get("lot", lots[0].batch.lot if lots else "")
    own = next((each for each in lots if each.batch.lot == wanted), None)
    if own is None or recall.closed_ms is not None:
        raise Http404
    page = AnswerPage(
        recall=recall,
        own=own,
        states=_state_fields(own),
        wish={"kind": "recall.answer", "recall": recall.pk, "lot": own.batch.lot},
        sign=SignPanel(
            label=_("Sign the answer"),
            meaning=_("says what became of the recalled units"),
        ),
    )
    return render(request, "recalls/recall_answer.html", {"page": page})


def _state_fields(own: OwnLot) -> list[StateField]:
    """The counts, first guess: what is here is set aside, what left was handed on."""
    guess = {
        "quarantined": own.held,
        "supplied": own.gone,
        "in_transit": own.in_transit,
    }
    if own.answer is not None and not own.is_stale:
        guess = dict(own.answer.counts)
    return [
        StateField(state, str(ANSWER_WORDS[state]), guess.get(state, 0))
        for state in _STATES
        if state in ANSWER_STATES
    ]


def _change(recall: Recall, *, kind: str, sign: SignPanel) -> ChangePage:
    scope = parse_scope(recall.scope)
    return ChangePage(
        recall=recall,
        scope=scope_words(scope),
        fields=_scope_fields(scope),
        wish={"kind": kind, "recall": recall.pk},
        sign=sign,
    )


def _scope_fields(scope: Scope) -> ScopeFields:
    return ScopeFields(
        lots="\n".join(sorted(scope.lots)),
        serials="\n".join(sorted(scope.serials)),
        ranges="\n".join(f"{each.first} {each.last}" for each in scope.ranges),
        expiry_from=scope.expiry_from.isoformat() if scope.expiry_from else "",
        expiry_to=scope.expiry_to.isoformat() if scope.expiry_to else "",
    )


def _own(recall_id: str, actor: Actor, action: str) -> Recall:
    recall = get_visible(recall_id, actor)
    if not may_change(recall=recall, gln=actor.gln):
        raise Http404
    note_read(actor, action, recall.pk, timezone.now())
    return recall


def _wish_of(request: HttpRequest) -> dict[str, Any]:
    """The fields of the form, as the signing script would nest them."""
    said = request.GET
    lists = {
        name: said.get(f"scope.{name}", "").splitlines()
        for name in ("lots", "serials", "ranges")
    }
    days = {
        name: said.get(f"scope.{name}", "") for name in ("expiry_from", "expiry_to")
    }
    return {"gtin": said.get("gtin", ""), "scope": lists | days}

"""The panel of a bundle: a button, how far the work is, the file and how to check it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.partners.authentication import actor_of, member_required
from apps.partners.queries import Actor
from apps.recalls import operations
from apps.recalls.api.bundles import hand_out, read_lot
from apps.recalls.models import Recall
from apps.recalls.queries.bundles import (
    BundleView,
    Scope,
    file_name,
    find_bundle,
    find_newest,
    genesis_id,
    path_of,
    published_size,
    scope_of_bundle,
    scope_of_lot,
    scope_of_recall,
    scope_of_seen,
    view_of,
)
from apps.recalls.views.parts import note_read


@dataclass(frozen=True, slots=True)
class BundlePart:
    """A bundle as its panel shows it.

    Attributes:
        view: the last one that was asked for; None before the first.
        is_there: whether its file can be fetched.
        url: of this panel, to be asked again and to post the wish to.
        command: how an outsider checks the file.
    """

    view: BundleView | None
    is_there: bool
    is_redacted: bool
    url: str
    file_url: str
    file_name: str
    command: str
    at: datetime

    @property
    def is_waiting(self) -> bool:
        """Whether there will be more to show in a second."""
        view = self.view
        return view is not None and not (view.is_ready or view.is_failed)


@dataclass(frozen=True, slots=True)
class BundlePage:
    """The panel on a page of its own."""

    title: str
    back_url: str
    part: BundlePart


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def recall_bundle(request: HttpRequest, recall_id: str) -> HttpResponse:
    """The bundle of all lots of a recall."""
    actor = actor_of(request)
    scope = scope_of_recall(recall_id=recall_id, actor=actor)
    if scope is None or scope.recall is None:
        raise Http404
    return _answer(
        request,
        actor,
        scope,
        url=reverse("recall_bundle", args=[recall_id]),
        back_url=reverse("recall", args=[recall_id]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def lot_bundle(request: HttpRequest) -> HttpResponse:
    """The bundle of one lot, by `gtin` and `lot` in the address."""
    actor, (gtin, lot) = actor_of(request), read_lot(request.GET)
    scope = scope_of_lot(gtin=gtin, lot=lot, actor=actor)
    if scope is None:
        raise Http404
    return _answer(
        request,
        actor,
        scope,
        url=f"{reverse('lot_bundle')}?{_query(gtin, lot)}",
        back_url=reverse("batch", args=[gtin, lot]),
    )


@require_safe
@member_required
def bundle_file(request: HttpRequest, bundle_id: UUID) -> HttpResponseBase:
    """The file of a bundle, to whoever may have it."""
    actor, bundle = actor_of(request), find_bundle(bundle_id)
    scope = scope_of_bundle(bundle=bundle, actor=actor) if bundle else None
    if bundle is None or scope is None or not path_of(bundle).is_file():
        raise Http404
    return hand_out(request, actor, scope, bundle)


def part_of_recall(recall: Recall, actor: Actor, at: datetime) -> BundlePart:
    """The panel on the page of a recall that `actor` sees."""
    scope = scope_of_seen(recall=recall, actor=actor)
    return _part(scope, reverse("recall_bundle", args=[recall.pk]), at)


def _answer(
    request: HttpRequest, actor: Actor, scope: Scope, *, url: str, back_url: str
) -> HttpResponse:
    at = timezone.now()
    if request.method == "POST":
        least = published_size()  # who asks here wants what was said since, too
        operations.request_bundle(scope=scope, at=at, least_size=least)
    note_read(actor, "recalls.bundle", scope.subject, at)
    part = _part(scope, url, at)
    if request.headers.get("HX-Request") == "true":
        return render(request, "recalls/_bundle.html", {"bundle": part})
    if request.method == "POST":
        return redirect(url)
    page = BundlePage(title=_title(scope), back_url=back_url, part=part)
    return render(request, "recalls/bundle_detail.html", {"page": page})


def _title(scope: Scope) -> str:
    if scope.recall is not None:
        return str(scope.recall.product)
    return _("Lot %(lot)s") % {"lot": scope.batch.lot if scope.batch else ""}


def _part(scope: Scope, url: str, at: datetime) -> BundlePart:
    newest = find_newest(scope)
    name = file_name(scope, newest)
    return BundlePart(
        view=view_of(newest) if newest else None,
        is_there=newest is not None and path_of(newest).is_file(),
        is_redacted=bool(scope.reader),
        url=url,
        file_url=reverse("bundle_file", args=[newest.pk]) if newest else "",
        file_name=name,
        command=(f"pharmatrace-verify {name} --policy policy --genesis {genesis_id()}"),
        at=at,
    )


def _query(gtin: str, lot: str) -> str:
    return urlencode({"gtin": gtin, "lot": lot})

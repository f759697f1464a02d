"""The list of serial pools, the form for another, and the page of each."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from apps.core.errors import LedgerConflict, MalformedInput, TraceError
from apps.edge.page_parts import FormError, pager
from apps.intake.queries import list_owned_products
from apps.packaging.formats.words import sentence
from apps.packaging.forms import pools as forms
from apps.packaging.forms.pools import Typed
from apps.packaging.views import pool_pages as pages
from apps.partners.authentication import actor_of, member_required, signer_required
from apps.pools import queries
from apps.pools.models import Pool, PoolState

_PAGE_SIZE = 50
_FIELDS = ("gtin", "size", "length", "lot", "expiry_date")


@require_safe
@member_required
def pool_list(request: HttpRequest) -> HttpResponse:
    """All pools of the organisation, the newest first."""
    actor = actor_of(request)
    rows = queries.visible_to(actor).order_by("-created_at")
    found = Paginator(rows, _PAGE_SIZE)
    shown = found.get_page(request.GET.get("page"))
    page = pages.PoolListPage(
        rows=[pages.make_row(pool) for pool in shown],
        pager=pager(shown),
        form=_make_form(request, None) if actor.can_sign else None,
    )
    return render(request, "packaging/pool_list.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@signer_required
def pool_new(request: HttpRequest) -> HttpResponse:
    """The form on a page of its own; a refusal keeps what was typed."""
    refusal: TraceError | None = None
    if request.method == "POST":
        try:
            typed = Typed(request.POST.dict())
            asked = typed.asked("gtin", "lot", "expiry_date", whole=("size", "length"))
            pool = forms.submit_pool(
                asked=asked, actor=actor_of(request), at=timezone.now()
            )
            return redirect("pool", pool_id=pool.pk)
        except (MalformedInput, LedgerConflict) as error:
            refusal = error
    form = _make_form(request, refusal)
    status = 400 if refusal else 200
    return render(request, "packaging/pool_new.html", {"form": form}, status=status)


@require_safe
@member_required
def pool_detail(request: HttpRequest, pool_id: UUID) -> HttpResponse:
    """Counts, what can be done, what was done."""
    pool = _get(request, pool_id)
    page = pages.make_page(pool=pool, actor=actor_of(request), at=timezone.now())
    return render(request, "packaging/pool_detail.html", {"page": page})


@require_safe
@member_required
def pool_progress(request: HttpRequest, pool_id: UUID) -> HttpResponse:
    """The part that a page asks for each second; the end loads the page anew."""
    pool = _get(request, pool_id)
    progress = pages.make_progress(pool)
    response = render(request, "_progress.html", {"progress": progress})
    if pool.state != PoolState.GENERATING:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@signer_required
def pool_move(request: HttpRequest, pool_id: UUID) -> HttpResponse:
    """Move serials of the pool, whole or not at all."""
    pool, at = _get(request, pool_id), timezone.now()
    typed = Typed(request.POST.dict())
    try:
        forms.submit_move(
            pool=pool,
            asked=typed.asked(
                "to", "numbers", "serials", "reason", "lot", "expiry_date"
            ),
            actor=actor_of(request),
            at=at,
        )
    except (MalformedInput, LedgerConflict) as error:
        return _refuse(request, pool_id, error, where=request.POST.get("to", ""))
    return _back(pool)


@require_POST
@signer_required
def pool_commission(request: HttpRequest, pool_id: UUID) -> HttpResponse:
    """Send printed serials to the check; the upload's page is where they are signed."""
    pool, at = _get(request, pool_id), timezone.now()
    typed = Typed(request.POST.dict())
    try:
        upload = forms.submit_commissioning(
            pool=pool,
            asked=typed.asked("site", "numbers", "lot", "expiry_date"),
            actor=actor_of(request),
            at=at,
        )
    except (MalformedInput, LedgerConflict) as error:
        return _refuse(request, pool_id, error, where="commissioned")
    return redirect("upload", upload_id=upload.pk)


def _refuse(
    request: HttpRequest, pool_id: UUID, error: TraceError, *, where: str
) -> HttpResponse:
    page = pages.make_page(
        pool=_get(request, pool_id),
        actor=actor_of(request),
        at=timezone.now(),
        error=error,
        error_in=where,
        values={name: str(text) for name, text in request.POST.items()},
    )
    return render(request, "packaging/pool_detail.html", {"page": page}, status=400)


def _back(pool: Pool) -> HttpResponseRedirect:
    return redirect("pool", pool_id=pool.pk)


def _get(request: HttpRequest, pool_id: UUID) -> Pool:
    pool = queries.find_pool(pool_id=pool_id, actor=actor_of(request))
    if pool is None:
        raise Http404
    return pool


def _make_form(request: HttpRequest, refusal: TraceError | None) -> pages.PoolForm:
    typed = request.POST or request.GET
    return pages.PoolForm(
        values={name: typed.get(name, "") for name in _FIELDS},
        products=list_owned_products(actor=actor_of(request)),
        error=FormError.of(refusal, sentence) if refusal else None,
    )

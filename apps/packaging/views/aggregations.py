"""The list of files of packing, the form for another, and the page of each."""

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

from apps.catalog import queries as catalog
from apps.core.errors import LedgerConflict, MalformedInput, TraceError
from apps.edge.page_parts import FormError, pager
from apps.intake.queries import list_owned_products
from apps.packaging.api.aggregations import answer_errors
from apps.packaging.formats.words import sentence
from apps.packaging.forms.aggregations import submit_aggregation
from apps.packaging.models import Aggregation
from apps.packaging.operations import aggregations as operations
from apps.packaging.queries import aggregations as queries
from apps.packaging.views import aggregation_pages as pages
from apps.partners import queries as partners
from apps.partners.authentication import actor_of, member_required, signer_required

_PAGE_SIZE = 50


@require_safe
@member_required
def aggregation_list(request: HttpRequest) -> HttpResponse:
    """All files of packing of the organisation, the newest first."""
    actor = actor_of(request)
    rows = queries.visible_to(actor).order_by("-created_at")
    found = Paginator(rows, _PAGE_SIZE)
    shown = found.get_page(request.GET.get("page"))
    page = pages.AggregationListPage(
        rows=[pages.make_row(row) for row in shown],
        pager=pager(shown),
        form=_make_form(request, None) if actor.can_sign else None,
    )
    return render(request, "packaging/aggregation_list.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@signer_required
def aggregation_new(request: HttpRequest) -> HttpResponse:
    """The form on a page of its own; a refusal keeps what was typed."""
    refusal: TraceError | None = None
    if request.method == "POST":
        try:
            row = submit_aggregation(
                fields=request.POST.lists(),
                files=request.FILES.lists(),
                actor=actor_of(request),
                at=timezone.now(),
            )
            return redirect("aggregation", aggregation_id=row.pk)
        except (MalformedInput, LedgerConflict) as error:
            refusal = error
    form = _make_form(request, refusal)
    status = 400 if refusal else 200
    template = "packaging/aggregation_new.html"
    return render(request, template, {"form": form}, status=status)


@require_safe
@member_required
def aggregation_detail(request: HttpRequest, aggregation_id: UUID) -> HttpResponse:
    """Counts, errors by line, the sentence to sign."""
    row = _get(request, aggregation_id)
    page = pages.make_page(
        row=row, product=catalog.find_product(row.gtin), actor=actor_of(request)
    )
    return render(request, "packaging/aggregation_detail.html", {"page": page})


@require_safe
@member_required
def aggregation_progress(request: HttpRequest, aggregation_id: UUID) -> HttpResponse:
    """The part that a page asks for each second; the end loads the page anew."""
    progress = pages.make_progress(_get(request, aggregation_id))
    response = render(request, "_progress.html", {"progress": progress})
    if progress.is_finished:
        response["HX-Refresh"] = "true"
    return response


@require_safe
@member_required
def aggregation_errors(request: HttpRequest, aggregation_id: UUID) -> HttpResponse:
    """The errors as CSV."""
    return answer_errors(_get(request, aggregation_id))


@require_POST
@signer_required
def aggregation_cancel(
    request: HttpRequest, aggregation_id: UUID
) -> HttpResponseRedirect:
    """Give an open file up; one that is closed already stays as it is."""
    row = _get(request, aggregation_id)
    operations.cancel_aggregation(aggregation_id=row.pk, at=timezone.now())
    return redirect("aggregations")


def _get(request: HttpRequest, aggregation_id: UUID) -> Aggregation:
    row = operations.refresh_aggregation(
        aggregation_id=aggregation_id, actor=actor_of(request), at=timezone.now()
    )
    if row is None:
        raise Http404
    return row


def _make_form(
    request: HttpRequest, refusal: TraceError | None
) -> pages.AggregationForm:
    actor = actor_of(request)
    typed = request.POST or request.GET
    return pages.AggregationForm(
        values={name: typed.get(name, "") for name in ("gtin", "lot", "site")},
        products=list_owned_products(actor=actor),
        sites=partners.list_sites(gln=actor.gln),
        error=FormError.of(refusal, sentence) if refusal else None,
    )

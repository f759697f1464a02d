"""The list of uploads, the form for another, and the page of each."""

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
from apps.intake import operations, queries
from apps.intake.api.uploads import answer_errors
from apps.intake.formats.words import sentence
from apps.intake.forms import FIELDS, TICKS, read_form, submit_form
from apps.intake.models import Upload
from apps.intake.views import pages
from apps.intake.views.progress import make_progress
from apps.partners import queries as partners
from apps.partners.authentication import actor_of, member_required, signer_required

_PAGE_SIZE = 50
_CSRF_FIELD = frozenset({"csrfmiddlewaretoken"})


@require_safe
@member_required
def upload_list(request: HttpRequest) -> HttpResponse:
    """All uploads of the organisation, the newest first."""
    actor = actor_of(request)
    if actor.partner is not None:
        operations.settle(partner=actor.partner, at=timezone.now())
    found = Paginator(queries.visible_to(actor).order_by("-created_at"), _PAGE_SIZE)
    shown = found.get_page(request.GET.get("page"))
    page = pages.UploadListPage(
        rows=[pages.make_row(upload) for upload in shown],
        pager=pager(shown),
        form=_make_form(request, None) if actor.can_sign else None,
    )
    return render(request, "intake/upload_list.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@signer_required
def upload_new(request: HttpRequest) -> HttpResponse:
    """The form on a page of its own; a refusal keeps what was typed."""
    refusal: TraceError | None = None
    if request.method == "POST":
        try:
            return _take(request)
        except (MalformedInput, LedgerConflict) as error:
            refusal = error
    form = _make_form(request, refusal)
    status = 400 if refusal else 200
    return render(request, "intake/upload_new.html", {"form": form}, status=status)


@require_safe
@member_required
def upload_detail(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Checks ticking off, errors by line, the sentence to sign."""
    upload = _get(request, upload_id)
    page = pages.make_page(
        upload=upload,
        product=catalog.find_product(upload.gtin),
        actor=actor_of(request),
        at=timezone.now(),
    )
    return render(request, "intake/upload_detail.html", {"page": page})


@require_safe
@member_required
def upload_progress(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """The part that a page asks for each second; the end loads the page anew."""
    progress = make_progress(upload=_get(request, upload_id), at=timezone.now())
    response = render(request, "_progress.html", {"progress": progress})
    if progress.is_finished:
        response["HX-Refresh"] = "true"
    return response


@require_safe
@member_required
def upload_errors(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """The errors as CSV."""
    return answer_errors(_get(request, upload_id))


@require_POST
@signer_required
def upload_cancel(request: HttpRequest, upload_id: UUID) -> HttpResponseRedirect:
    """Give an open upload up; one that is closed already stays as it is."""
    upload = _get(request, upload_id)
    operations.cancel_upload(upload_id=upload.id, at=timezone.now())
    return redirect("uploads")


def _take(request: HttpRequest) -> HttpResponseRedirect:
    wish, file = read_form(
        fields=request.POST.lists(), files=request.FILES.lists(), more=_CSRF_FIELD
    )
    upload = submit_form(
        wish=wish, file=file, actor=actor_of(request), at=timezone.now()
    )
    return redirect("upload", upload_id=upload.id)


def _get(request: HttpRequest, upload_id: UUID) -> Upload:
    upload = operations.refresh_upload(
        upload_id=upload_id, actor=actor_of(request), at=timezone.now()
    )
    if upload is None:
        raise Http404
    return upload


def _make_form(request: HttpRequest, refusal: TraceError | None) -> pages.UploadForm:
    actor = actor_of(request)
    typed = request.POST or request.GET
    return pages.UploadForm(
        values={name: typed.get(name, "") for name in (*FIELDS, *TICKS)},
        products=queries.list_owned_products(actor=actor),
        sites=partners.list_sites(gln=actor.gln),
        error=FormError.of(refusal, sentence) if refusal else None,
    )

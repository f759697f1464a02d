"""The list of label runs, and the page of each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from apps.core.errors import LedgerConflict, MalformedInput, TraceError
from apps.edge.page_parts import FormError, Pager, Progress, pager
from apps.jobs import queries as jobs
from apps.packaging.api.runs import answer_file, get_run
from apps.packaging.formats.words import sentence
from apps.packaging.forms.pools import Typed
from apps.packaging.forms.runs import submit_run
from apps.packaging.models import LabelRun, RunKind, RunState
from apps.packaging.operations import runs as operations
from apps.packaging.queries import runs as queries
from apps.partners.authentication import actor_of, member_required, signer_required

_PAGE_SIZE = 50
_FIELDS = ("kind", "pool", "numbers", "count", "gtin", "lot")
_SHAPES = {
    RunState.QUEUED: "past",
    RunState.MAKING: "past",
    RunState.READY: "go",
    RunState.FAILED: "stop",
    RunState.EXPIRED: "past",
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """One label run, with its state in words."""

    run: LabelRun
    kind: str
    state_shape: str
    state_words: str


@dataclass(frozen=True, slots=True)
class RunListPage:
    """All label runs of the organisation."""

    rows: list[RunRow]
    pager: Pager


@dataclass(frozen=True, slots=True)
class RunForm:
    """The form that orders labels; of a pool, or of a commissioned lot."""

    values: dict[str, str]
    kinds: list[tuple[str, str]]
    error: FormError | None


@dataclass(frozen=True, slots=True)
class RunPage:
    """One label run: how far it is, where it can be fetched."""

    row: RunRow
    progress: Progress | None
    can_fetch: bool
    can_make: bool


@require_safe
@member_required
def run_list(request: HttpRequest) -> HttpResponse:
    """All label runs of the organisation, the newest first."""
    rows = queries.visible_to(actor_of(request)).order_by("-created_at")
    found = Paginator(rows, _PAGE_SIZE)
    shown = found.get_page(request.GET.get("page"))
    page = RunListPage(
        rows=[_row(run) for run in shown],
        pager=pager(shown),
    )
    return render(request, "packaging/run_list.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@signer_required
def run_new(request: HttpRequest) -> HttpResponse:
    """The order of labels; a refusal keeps what was typed."""
    refusal: TraceError | None = None
    if request.method == "POST":
        try:
            typed = Typed(request.POST.dict())
            names = [name for name in _FIELDS if name != "count"]
            run = submit_run(
                asked=typed.asked(*names, whole=("count",)),
                actor=actor_of(request),
                at=timezone.now(),
            )
            return redirect("label_run_page", run_id=run.pk)
        except (MalformedInput, LedgerConflict) as error:
            refusal = error
    typed_so_far = request.POST or request.GET
    form = RunForm(
        values={name: typed_so_far.get(name, "") for name in _FIELDS},
        kinds=[(kind.value, _kind_words(kind)) for kind in RunKind],
        error=FormError.of(refusal, sentence) if refusal else None,
    )
    status = 400 if refusal else 200
    return render(request, "packaging/run_new.html", {"form": form}, status=status)


@require_safe
@member_required
def run_detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """How far it is; its file once it is made."""
    actor = actor_of(request)
    run = get_run(actor, run_id)
    is_going = run.state in {RunState.QUEUED, RunState.MAKING}
    page = RunPage(
        row=_row(run),
        progress=_progress(run) if is_going else None,
        can_fetch=actor.can_sign and run.state == RunState.READY,
        can_make=actor.can_sign and run.state in {RunState.FAILED, RunState.EXPIRED},
    )
    return render(request, "packaging/run_detail.html", {"page": page})


@require_safe
@member_required
def run_progress(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The part that a page asks for each second; the end loads the page anew."""
    progress = _progress(get_run(actor_of(request), run_id))
    response = render(request, "_progress.html", {"progress": progress})
    if progress.is_finished:
        response["HX-Refresh"] = "true"
    return response


@require_safe
@signer_required
def run_file(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """The labels, to be saved."""
    return answer_file(request, actor_of(request), run_id)


@require_POST
@signer_required
def run_again(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Make the file of a run that failed or expired once more."""
    run = get_run(actor_of(request), run_id)
    operations.make_again(run_id=run.pk, at=timezone.now())
    return redirect("label_run_page", run_id=run.pk)


def _row(run: LabelRun) -> RunRow:
    state = RunState(run.state)
    kind = _kind_words(RunKind(run.kind))
    return RunRow(run, kind, _SHAPES[state], _state_words(state))


def _progress(run: LabelRun) -> Progress:
    job = jobs.find_job(run.job_id) if run.job_id else None
    state = RunState(run.state)
    return Progress(
        url=reverse("label_run_progress", kwargs={"run_id": run.pk}),
        label=_state_words(state),
        done=job.done_count if job else 0,
        total=run.count,
        is_finished=state not in {RunState.QUEUED, RunState.MAKING},
    )


def _kind_words(kind: RunKind) -> str:
    return {
        RunKind.PDF: _("PDF, sheets of 24"),
        RunKind.ZPL: _("ZPL, for label printers"),
        RunKind.CSV: _("CSV, for other printers"),
    }[kind]


def _state_words(state: RunState) -> str:
    return {
        RunState.QUEUED: _("Waiting to be made"),
        RunState.MAKING: _("Labels are being made"),
        RunState.READY: _("Ready to print"),
        RunState.FAILED: _("Could not be made"),
        RunState.EXPIRED: _("Expired"),
    }[state]

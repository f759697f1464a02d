"""Closing the books: what may go, what went, and the operator's signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.errors import MalformedInput
from apps.custody import operations, queries
from apps.custody.models import Closing, ClosingDraft
from apps.custody.queries.erasure import Prepared, closings, last_order, weigh_prepared
from apps.edge.page_parts import SignPanel
from apps.jobs.queries import JobView
from apps.partners.authentication import actor_of, register_required


@dataclass(frozen=True, slots=True)
class ClosingPage:
    """One page for operator and regulator; only the operator may act."""

    is_operator: bool
    job: JobView | None
    is_refused: bool
    draft: ClosingDraft | None
    prepared: Prepared | None
    done: list[Closing]
    wish: dict[str, Any]
    sign: SignPanel
    basis: str = ""
    error: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@register_required
def closing(request: HttpRequest) -> HttpResponse:
    """What was prepared and what went; POST orders a closing to be prepared."""
    if request.method == "POST":
        return _order(request)
    return render(request, "custody/closing.html", {"page": _page(request)})


def _order(request: HttpRequest) -> HttpResponse:
    basis = request.POST.get("legal_basis", "")
    if not actor_of(request).is_operator:
        page = _page(request, error=_("Only the operator closes the books."))
        return render(request, "custody/closing.html", {"page": page}, status=403)
    try:
        operations.order_closing(legal_basis=basis, at=timezone.now())
    except MalformedInput:
        page = _page(request, basis=basis, error=_("Say by what right, in one line."))
        return render(request, "custody/closing.html", {"page": page}, status=400)
    return redirect("closing")


def _page(request: HttpRequest, *, basis: str = "", error: str = "") -> ClosingPage:
    actor = actor_of(request)
    job = last_order()
    draft = queries.find_prepared(actor=actor)
    return ClosingPage(
        is_operator=actor.is_operator,
        job=job if job and not job.is_final else None,
        is_refused=bool(job and job.result.get("refused")),
        draft=draft,
        prepared=weigh_prepared(draft) if draft else None,
        done=closings(),
        wish={"kind": "erasure"},
        sign=SignPanel(
            label=_("Sign and erase for ever"),
            meaning=_("erases what need not be kept any more"),
        ),
        basis=basis,
        error=error,
    )

"""The scan page: a code comes in by camera, hand scanner, photo or keyboard."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.anchoring import queries as anchoring
from apps.anchoring.queries import Status
from apps.core.errors import MalformedInput
from apps.edge.csp import allows_wasm
from apps.edge.once import once
from apps.edge.throttles import PerMinute
from apps.partners.authentication import actor_of, member_required, signer_required
from apps.scan import operations, queries
from apps.scan.formats.photos import read_photo
from apps.scan.views.limits import limited
from apps.scan.views.parts import (
    Band,
    Chip,
    VerdictPart,
    build_band,
    build_part,
    chips,
    report_url,
    scan_url,
)
from apps.scan.views.steps import Step, offered_steps

_MOST_CHARACTERS = 4_096


class ScanThrottle(PerMinute):
    """People at a counter; nobody scans five packs a second for a minute."""

    scope = "scan_page"
    limit = 300


@dataclass(frozen=True, slots=True)
class Scanner:
    """Where the scanner sends a code, and where its verdict is put.

    `holds_still`: the field may not pull the page away from a verdict on top of it.
    """

    action: str = "/scan"
    target: str = "#verdict"
    holds_still: bool = False


@dataclass(frozen=True, slots=True)
class ScanPage:
    """The scanner, the verdict on the last code, and the run so far."""

    scanner: Scanner
    ready: Band
    verdict: VerdictPart | None
    strip: list[Chip]
    count: int


@dataclass(frozen=True, slots=True)
class SignPage:
    """One step to be signed about one pack."""

    band: Band
    step: Step
    back_url: str
    report_url: str


@require_safe
@member_required
@limited(ScanThrottle)
@allows_wasm
def scan(request: HttpRequest) -> HttpResponse:
    """The scanner, with the verdict on `?code=`; htmx asks for the verdict alone."""
    actor, at = actor_of(request), timezone.now()
    code = request.GET.get("code", "")[:_MOST_CHARACTERS]
    part = None
    if code.strip():
        verdict = queries.judge_scan(code=code, actor=actor, at=at)
        operations.record_scan(code=code, verdict=verdict, actor=actor, at=at)
        status = _status_of(request, at)
        part = build_part(verdict, code=code, actor=actor, at=at, status=status)
    run = queries.current_run(actor=actor, at=at)
    page = ScanPage(
        scanner=Scanner(holds_still=part is not None),
        ready=Band("past", _("Ready"), _("Scan a pack. The answer stands here.")),
        verdict=part,
        strip=chips(run.strip),
        count=run.count,
    )
    is_part = "HX-Request" in request.headers
    template = "scan/_verdict_part.html" if is_part else "scan/scan_page.html"
    return render(request, template, {"page": page})


@require_POST
@member_required
@limited(ScanThrottle)
def scan_photo(request: HttpRequest) -> HttpResponseBase:
    """Decode a photograph here, for browsers that cannot; the verdict page follows.

    Raises:
        MalformedInput: `bad_photo`, `photo_too_large`, `no_code_found`.
    """
    photo = request.FILES.get("photo")
    if photo is None:
        raise MalformedInput(
            "bad_photo", field="photo", got="nothing", wanted="a picture"
        )
    return redirect(scan_url(read_photo(photo.read())))


@require_safe
@signer_required
@limited(ScanThrottle)
def scan_sign(request: HttpRequest, step: str) -> HttpResponseBase:
    """The page that signs one step about one pack."""
    actor, at = actor_of(request), timezone.now()
    code = request.GET.get("code", "")[:_MOST_CHARACTERS]
    if not code.strip():
        raise Http404
    verdict = queries.judge_scan(code=code, actor=actor, at=at)
    steps = offered_steps(verdict, actor=actor, at=at)
    chosen = next((each for each in steps if each.name == step), None)
    if chosen is None:
        return redirect(scan_url(code))
    page = SignPage(
        band=_step_band(build_band(verdict, actor), chosen),
        step=chosen,
        back_url=scan_url(code),
        report_url=report_url(code) if step == "hold" else "",
    )
    return render(request, "scan/scan_sign.html", {"page": page})


def _status_of(request: HttpRequest, at: datetime) -> Callable[[], Status]:
    """How the log does; the frame around the page shows the same."""
    return partial(once, request, "log_status", partial(anchoring.status, at=at))


def _step_band(band: Band, step: Step) -> Band:
    """The verdict beside what is about to be signed; it is no longer the headline."""
    said = _("The verdict was %(word)s: %(reason)s")
    reason = said % {"word": band.word.upper(), "reason": band.reason}
    return replace(band, state="past", word=step.word, reason=reason)

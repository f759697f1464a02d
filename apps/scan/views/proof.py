"""The proof of one pack: a page to print, its file, its code as text and as picture."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core.envelope import envelope_bytes
from apps.core.gs1 import Gtin, Serial, build_digital_link
from apps.partners.authentication import actor_of, member_required
from apps.partners.queries import Actor
from apps.scan import operations, queries
from apps.scan.formats.words import expiry_short
from apps.scan.labels.symbols import Modules, path_of, proof_qr, svg
from apps.scan.queries import PackCode, Verdict
from apps.scan.views.limits import limited
from apps.scan.views.parts import scan_url
from apps.scan.views.scan import ScanThrottle

_MOST_CHARACTERS = 4_096
_UNFIT = re.compile(r"[^0-9A-Za-z_-]")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR code as the template draws it: side in modules, its dark path."""

    size: int
    path: str


@dataclass(frozen=True, slots=True)
class PackProofPage:
    """What is proven of a pack, and how to take it along.

    Attributes:
        has_file: False until the pack's commissioning is under a checkpoint.
        code: None where it does not fit one QR.
        query: of the addresses of file, text and picture.
    """

    product: str
    gtin: str
    lot: str
    expiry: str
    serial: str
    has_file: bool
    code: PackCode | None
    symbol: Symbol | None
    query: str
    file_name: str
    back_url: str


@require_safe
@member_required
@limited(ScanThrottle)
def pack_proof(request: HttpRequest) -> HttpResponse:
    """The page, or the verdict that says why there is none.

    Raises:
        MalformedInput: a GTIN or serial that is none.
    """
    verdict, actor, text, _ = _judged(request)
    unit = verdict.unit
    if unit is None or not queries.may_prove(verdict):
        return redirect(scan_url(text))
    code = queries.find_pack_code(verdict)
    modules = _modules_of(code) if code else None
    page = PackProofPage(
        product=verdict.product,
        gtin=unit.gtin,
        lot=unit.lot,
        expiry=expiry_short(unit.expiry_date),
        serial=unit.serial,
        has_file=code is not None
        or queries.find_pack_file(verdict, actor=actor) is not None,
        code=code,
        symbol=Symbol(len(modules), path_of(modules)) if modules else None,
        query=urlencode({"code": text}),
        file_name=_name(verdict),
        back_url=scan_url(text),
    )
    return render(request, "scan/pack_proof.html", {"page": page})


@require_safe
@member_required
@limited(ScanThrottle)
def pack_proof_file(request: HttpRequest) -> HttpResponse:
    """The pack proof, with the history that the asker may know."""
    verdict, actor, _ = _asked(request)
    data = queries.find_pack_file(verdict, actor=actor)
    if data is None:
        raise Http404
    return _download(data, "application/json", f"{_name(verdict)}.json")


@require_safe
@member_required
@limited(ScanThrottle)
def answer_file(request: HttpRequest) -> HttpResponse:
    """What is answered about `?code=` now, signed; any code has an answer."""
    verdict, actor, text, at = _judged(request)
    signed = operations.sign_answer(code=text, verdict=verdict, actor=actor, at=at)
    if signed is None:
        raise Http404
    name = f"answer-{at:%Y%m%dT%H%M%SZ}.json"
    return _download(envelope_bytes(signed), "application/json", name)


@require_safe
@member_required
@limited(ScanThrottle)
def pack_proof_text(request: HttpRequest) -> HttpResponse:
    """The proof code as text."""
    verdict, _, _ = _asked(request)
    text = f"{_code_of(verdict).text}\n"
    return _download(text.encode(), "text/plain", f"{_name(verdict)}.txt")


@require_safe
@member_required
@limited(ScanThrottle)
def pack_proof_svg(request: HttpRequest) -> HttpResponse:
    """The proof code as a QR code."""
    verdict, _, _ = _asked(request)
    picture = svg(_modules_of(_code_of(verdict)), title=_name(verdict))
    return HttpResponse(picture, content_type="image/svg+xml")


def _asked(request: HttpRequest) -> tuple[Verdict, Actor, str]:
    """The verdict on `?code=`; 404 without a right to more."""
    verdict, actor, text, _ = _judged(request)
    if not queries.may_prove(verdict):
        raise Http404
    return verdict, actor, text


def _judged(request: HttpRequest) -> tuple[Verdict, Actor, str, datetime]:
    """The verdict on `?code=`, or on `?gtin=&serial=`, recorded like any other."""
    actor, at = actor_of(request), timezone.now()
    text = request.GET.get("code", "")[:_MOST_CHARACTERS] or _typed(request)
    if not text.strip():
        raise Http404
    verdict = queries.judge_scan(code=text, actor=actor, at=at)
    operations.record_scan(code=text, verdict=verdict, actor=actor, at=at)
    return verdict, actor, text, at


def _typed(request: HttpRequest) -> str:
    """The Digital Link of a pack whose serial was typed; "" where none was."""
    gtin, serial = request.GET.get("gtin", ""), request.GET.get("serial", "").strip()
    if not serial:
        return ""
    elements = [("01", Gtin.parse(gtin).text), ("21", Serial.parse(serial).text)]
    return build_digital_link(elements)


def _code_of(verdict: Verdict) -> PackCode:
    code = queries.find_pack_code(verdict)
    if code is None:
        raise Http404
    return code


def _modules_of(code: PackCode) -> Modules:
    """The QR code, with the page ahead that checks it, where one has room for both.

    What stands behind the `#` of an address, no browser sends to anybody.
    """
    with suppress(ValueError):  # of a symbol that would be larger than there are
        return proof_qr(f"{settings.SITE_URL}{reverse('check_yourself')}#{code.text}")
    return proof_qr(code.text)


def _name(verdict: Verdict) -> str:
    return _UNFIT.sub("_", f"pack-{verdict.read.gtin}-{verdict.read.serial}")


def _download(data: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

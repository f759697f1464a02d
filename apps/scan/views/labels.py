"""Labels of a maker's own packs: a sheet to print, and each symbol alone."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.core.errors import MalformedInput
from apps.edge.page_parts import Pager
from apps.partners.authentication import actor_of, member_required
from apps.scan import queries
from apps.scan.labels.pack import Pack
from apps.scan.labels.sheet import PER_SHEET, draw_sheets
from apps.scan.labels.symbols import Modules, datamatrix, qr, svg
from apps.scan.queries import LabelRun

MOST_LABELS = 480
_MOST_ORDINAL = 2**31


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One pack of the list, with the addresses of its two symbols."""

    serial: str
    bracketed: str
    datamatrix_url: str
    qr_url: str


@dataclass(frozen=True, slots=True)
class LabelPage:
    """A stretch of a lot and the sheets it can be printed on."""

    run: LabelRun
    rows: list[LabelRow]
    pager: Pager
    counts: tuple[int, ...]
    count: int
    first: int


@require_safe
@member_required
def label_run(request: HttpRequest, gtin: str, lot: str) -> HttpResponse:
    """The list of packs, or with `?sheet=pdf` the labels of `count` of them.

    Raises:
        MalformedInput: `not_a_number`, `out_of_range`.
    """
    is_sheet = request.GET.get("sheet") == "pdf"
    first = _number(request, "first", default=1, most=_MOST_ORDINAL)
    count = _number(request, "count", default=PER_SHEET, most=MOST_LABELS)
    run = queries.find_label_run(
        actor=actor_of(request), gtin=gtin, lot=lot, first=first - 1, count=count
    )
    if run is None:
        raise Http404
    if is_sheet:
        return _sheet(run)
    return render(request, "scan/label_run.html", {"page": _page(run, count)})


def _number(request: HttpRequest, name: str, *, default: int, most: int) -> int:
    text = request.GET.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise MalformedInput("not_a_number", field=name, got=text, wanted="digits")
    if not 1 <= int(text) <= most:
        raise MalformedInput(
            "out_of_range", field=name, got=text, wanted=f"1 to {most}"
        )
    return int(text)


def _sheet(run: LabelRun) -> HttpResponse:
    title = f"{run.product} {run.lot}"
    pdf = draw_sheets(run.packs, stem=settings.SITE_URL, title=title)
    response = HttpResponse(pdf, content_type="application/pdf")
    name = f"labels-{run.gtin}-{run.first + 1}.pdf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _page(run: LabelRun, count: int) -> LabelPage:
    last = run.first + len(run.packs)
    return LabelPage(
        run=run,
        rows=[_row(pack) for pack in run.packs],
        pager=Pager(
            first=run.first + 1 if run.packs else 0,
            last=last,
            total=run.total,
            previous_url=_at(max(run.first - count, 0), count) if run.first else "",
            next_url=_at(last, count) if last < run.total else "",
        ),
        counts=(PER_SHEET, 4 * PER_SHEET, MOST_LABELS),
        count=count,
        first=run.first + 1,
    )


def _at(first: int, count: int) -> str:
    return "?" + urlencode({"first": first + 1, "count": count})


def _row(pack: Pack) -> LabelRow:
    where = {"gtin": pack.gtin, "serial": pack.serial}
    return LabelRow(
        serial=pack.serial,
        bracketed=pack.bracketed,
        datamatrix_url=reverse("label_datamatrix", kwargs=where),
        qr_url=reverse("label_qr", kwargs=where),
    )


@require_safe
@member_required
def datamatrix_svg(request: HttpRequest, gtin: str, serial: str) -> HttpResponse:
    """The pack's GS1 DataMatrix."""
    pack = _own_pack(request, gtin, serial)
    return _svg(datamatrix(pack), pack.bracketed)


@require_safe
@member_required
def qr_svg(request: HttpRequest, gtin: str, serial: str) -> HttpResponse:
    """The QR code with the pack's web address."""
    pack = _own_pack(request, gtin, serial)
    link = pack.link(stem=settings.SITE_URL)
    return _svg(qr(pack, stem=settings.SITE_URL), link)


def _own_pack(request: HttpRequest, gtin: str, serial: str) -> Pack:
    pack = queries.find_own_unit(actor=actor_of(request), gtin=gtin, serial=serial)
    if pack is None:
        raise Http404
    return pack


def _svg(modules: Modules, title: str) -> HttpResponse:
    return HttpResponse(svg(modules, title=title), content_type="image/svg+xml")

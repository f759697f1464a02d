"""The resolver of GS1 Digital Links: a page for patients, a linkset for machines."""

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.core.errors import MalformedInput
from apps.edge.problems import wants_page
from apps.edge.throttles import PerMinute
from apps.edge.wire import dump_json
from apps.scan import queries
from apps.scan.formats.addresses import parse_address
from apps.scan.formats.words import expiry_short
from apps.scan.queries import PublicPack
from apps.scan.views.limits import limited
from apps.scan.views.parts import Band

_LINKSET = "application/linkset+json"
_PAGE_TYPES = frozenset({"", "defaultLink", "gs1:defaultLink", "pip", "gs1:pip"})
_SET_TYPES = frozenset({"all", "linkset"})


class PublicThrottle(PerMinute):
    """Strangers may look up their packs, not try serial numbers."""

    scope = "public_pack"
    limit = 60


@dataclass(frozen=True, slots=True)
class PackPage:
    """What a patient reads: no partner, no place."""

    band: Band
    pack: PublicPack | None  # None: the code is not valid
    to_do: str
    got: str = ""
    wanted: str = ""


@require_safe
@limited(PublicThrottle)
@vary_on_headers("Accept")
def pack(request: HttpRequest, path: str) -> HttpResponse:
    """The page or the linkset of `/01/{gtin}[/10/{lot}][/21/{serial}]`.

    Raises:
        MalformedInput: the address is no Digital Link of a GTIN (400); a browser
            gets a page that says what to do.
        Http404: the product is not registered here, or no such type of link.
    """
    at = timezone.now()
    try:
        address = parse_address(path, expiry=request.GET.get("17", ""), today=at.date())
    except MalformedInput as error:
        if not wants_page(request):
            raise
        page = _bad_code_page(error)
        return render(request, "scan/public_pack.html", {"page": page}, status=400)
    found = queries.find_public_pack(address=address, at=at)
    if found is None:
        raise Http404
    link_type = request.GET.get("linkType", "")
    if link_type in _SET_TYPES or _LINKSET in request.headers.get("Accept", ""):
        response = _linkset(found)
    elif link_type in _PAGE_TYPES:
        response = render(request, "scan/public_pack.html", {"page": _page(found)})
    else:
        raise Http404
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "Link, Content-Length"
    return response


def _bad_code_page(error: MalformedInput) -> PackPage:
    band = Band(
        state="think",
        word=_("Not a valid code"),
        reason=_("No medicine's pack can carry this number."),
    )
    to_do = _(
        "Scan the square code again, or compare the number with the one on the pack."
        " If it is the same, do not use the pack: take it to a pharmacy."
    )
    return PackPage(
        band=band, pack=None, to_do=to_do, got=error.got or "", wanted=error.wanted
    )


def _linkset(found: PublicPack) -> HttpResponse:
    document = queries.linkset(
        found.address, stem=settings.SITE_URL, product=str(found.product)
    )
    return HttpResponse(dump_json(document), content_type=_LINKSET)


def _page(found: PublicPack) -> PackPage:
    rule, address = found.rule, found.address
    band = Band(
        state=rule.state,
        word=str(rule.word),
        reason=found.reason,
        product=str(found.product),
        lot=address.lot,
        expiry=expiry_short(address.expiry_date),
        serial=address.serial,
    )
    return PackPage(band=band, pack=found, to_do=str(rule.to_do))

"""The public log: static files that anybody may fetch, cache and mirror."""

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.anchoring.clients.public_files import public_files
from apps.core.errors import MalformedInput
from apps.core.tiles import Tile

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"
_BYTES = "application/octet-stream"
_IMMUTABLE = "public, max-age=31536000, immutable"
_FRESH = "public, max-age=5"
_STEADY = "public, max-age=300"
_STATEMENT_ID = re.compile(r"[0-9a-f]{64}")
_ANCHOR = re.compile(r"(?:0|[1-9][0-9]{0,18})\.([a-z0-9]{1,8})")
_ANCHOR_TYPES = {
    "evm": _JSON,
    "json": _JSON,
    "ots": "application/vnd.opentimestamps.v1",
    "tsr": "application/timestamp-reply",
}


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest published checkpoint, a signed note (C2SP tlog-checkpoint)."""
    return _public(public_files().read_checkpoint(), _TEXT, cache=_FRESH)


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """Which key signs this log (C2SP tlog-policy)."""
    return _public(public_files().read_policy(), _TEXT, cache=_STEADY)


@require_safe
def tile(request: HttpRequest, name: str) -> HttpResponse:
    """A tile or an entry bundle (C2SP tlog-tiles); any other spelling is not here."""
    try:
        wanted = Tile.parse(f"tile/{name}")
    except MalformedInput as error:
        raise Http404 from error
    return _public(public_files().find_tile(wanted), _BYTES, cache=_IMMUTABLE)


@require_safe
def recall(request: HttpRequest, statement_id: str) -> HttpResponse:
    """A recall's signed statement and the salts of its leaves (docs/formats.md)."""
    if _STATEMENT_ID.fullmatch(statement_id) is None:
        raise Http404
    data = public_files().find_recall(statement_id)
    return _public(data, _JSON, cache=_IMMUTABLE)


@require_safe
def anchor(request: HttpRequest, name: str) -> HttpResponse:
    """An anchor receipt by the index of its leaf, or its token (docs/formats.md)."""
    matched = _ANCHOR.fullmatch(name)
    if matched is None:
        raise Http404
    content_type = _ANCHOR_TYPES.get(matched[1], _BYTES)
    return _public(public_files().find_anchor(name), content_type, cache=_IMMUTABLE)


def _public(data: bytes | None, content_type: str, *, cache: str) -> HttpResponse:
    if data is None:
        raise Http404
    response = HttpResponse(data, content_type=content_type)
    response["Cache-Control"] = cache
    response["Access-Control-Allow-Origin"] = "*"
    return response

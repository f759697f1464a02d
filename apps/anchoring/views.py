"""The public log: static files that anybody may fetch, cache and mirror."""

import re
from hashlib import sha256

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
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
def checkpoint(request: HttpRequest) -> HttpResponseBase:
    """The newest published checkpoint, a signed note (C2SP tlog-checkpoint)."""
    return _public(request, public_files().read_checkpoint(), _TEXT, cache=_FRESH)


@require_safe
def policy(request: HttpRequest) -> HttpResponseBase:
    """Which key signs this log (C2SP tlog-policy)."""
    return _public(request, public_files().read_policy(), _TEXT, cache=_STEADY)


@require_safe
def tile(request: HttpRequest, name: str) -> HttpResponseBase:
    """A tile or an entry bundle (C2SP tlog-tiles); any other spelling is not here."""
    try:
        wanted = Tile.parse(f"tile/{name}")
    except MalformedInput as error:
        raise Http404 from error
    return _public(request, public_files().find_tile(wanted), _BYTES, cache=_IMMUTABLE)


@require_safe
def recall(request: HttpRequest, statement_id: str) -> HttpResponseBase:
    """A recall's signed statement and the salts of its leaves (docs/formats.md)."""
    if _STATEMENT_ID.fullmatch(statement_id) is None:
        raise Http404
    data = public_files().find_recall(statement_id)
    return _public(request, data, _JSON, cache=_IMMUTABLE)


@require_safe
def anchor(request: HttpRequest, name: str) -> HttpResponseBase:
    """An anchor receipt by the index of its leaf, or its token (docs/formats.md)."""
    matched = _ANCHOR.fullmatch(name)
    if matched is None:
        raise Http404
    content_type = _ANCHOR_TYPES.get(matched[1], _BYTES)
    return _public(
        request, public_files().find_anchor(name), content_type, cache=_IMMUTABLE
    )


def _public(
    request: HttpRequest, data: bytes | None, content_type: str, *, cache: str
) -> HttpResponseBase:
    """The file; 304 to who has these bytes already.

    A follower asks for the checkpoint every few seconds, mostly for the same one.
    """
    if data is None:
        raise Http404
    etag = quote_etag(sha256(data).hexdigest())
    whole = HttpResponse(data, content_type=content_type)
    whole["Cache-Control"], whole["ETag"] = cache, etag
    response = get_conditional_response(request, etag=etag, response=whole) or whole
    response["Access-Control-Allow-Origin"] = "*"
    return response

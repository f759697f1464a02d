"""A file of some size on its way out: by digest, whole or from where it broke off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)

_PIECE: Final = 1 << 18
_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def send_file(
    request: HttpRequest, path: Path, *, digest: str, content_type: str, name: str
) -> HttpResponseBase:
    """The file, the part of it that is asked for, or that it is known already.

    Args:
        digest: of its bytes, which is its ETag; a part is given only of that file.

    Source: RFC 9110, sections 13.1.2 and 14; one range, or all.
    """
    etag, size = f'"{digest}"', path.stat().st_size
    known = [
        each.strip() for each in request.headers.get("If-None-Match", "").split(",")
    ]
    if etag in known or "*" in known:
        return _described(HttpResponse(status=304), etag)
    asked = _range_of(request, etag, size)
    if asked is not None and asked[0] >= asked[1]:
        response: HttpResponseBase = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return _described(response, etag)
    start, stop = asked or (0, size)
    response = StreamingHttpResponse(
        _pieces(path, start, stop), content_type=content_type
    )
    if asked is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response["Content-Length"] = str(stop - start)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return _described(response, etag)


def _described(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    return response


def _range_of(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """Start and end of the one range that is asked for of this very file."""
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = found.groups()
    if first:
        return int(first), min(int(last) + 1, size) if last else size
    return (max(size - int(last), 0), size) if last else None


def _pieces(path: Path, start: int, stop: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        left = stop - start
        while left:
            piece = file.read(min(_PIECE, left))
            if not piece:
                return
            left -= len(piece)
            yield piece

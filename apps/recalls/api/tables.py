"""Tables as pages of JSON or as CSV, a line at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.http import StreamingHttpResponse
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from typing_extensions import override

from apps.core.errors import MalformedInput
from apps.recalls.api import schemas
from apps.recalls.queries.affected import csv_lines
from apps.recalls.queries.shares import AffectedRows

_PAGE_ROWS: Final = 100
_MOST_ROWS: Final = 500
_MOST_OFFSET: Final = 10_000_000


class CsvRenderer(BaseRenderer):
    """Names the CSV form for negotiation; the lines are streamed by the view."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return str(data).encode()


RENDERERS = [JSONRenderer, CsvRenderer]


def answer_table(
    request: Request, rows: AffectedRows, *, name: str
) -> StreamingHttpResponse | dict[str, Any]:
    """The rows as CSV if the request asks for it, else as a page for JSON.

    Raises:
        MalformedInput: an offset or limit that is no number or out of range.
    """
    if getattr(request.accepted_renderer, "format", "") == "csv":
        with_serials = request.query_params.get("serials") == "1"
        return stream_csv(csv_lines(rows, with_serials=with_serials), name=name)
    offset = _number(request, "offset", 0, least=0, most=_MOST_OFFSET)
    limit = _number(request, "limit", _PAGE_ROWS, least=1, most=_MOST_ROWS)
    shown = rows[offset : offset + limit]
    body = {
        "tally": rows.tally(),
        "count": len(rows),
        "next": _next(request, offset + limit, limit, len(rows)),
        "results": shown,
    }
    return dict(schemas.AffectedSerializer(body).data)


def stream_csv(lines: Iterable[list[str]], *, name: str) -> StreamingHttpResponse:
    """A CSV download; a byte order mark tells spreadsheets that it is UTF-8."""
    response = StreamingHttpResponse(
        _encoded(lines), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


class _Echo:
    """What a csv.writer writes to comes back to its caller."""

    def write(self, text: str) -> str:
        return text


def _encoded(lines: Iterable[list[str]]) -> Iterator[bytes]:
    writer = csv.writer(_Echo())
    yield b"\xef\xbb\xbf"
    for line in lines:
        yield writer.writerow(line).encode()


def _number(
    request: Request, name: str, otherwise: int, *, least: int, most: int
) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return otherwise
    wanted = f"{least} to {most}"
    if not (text.isascii() and text.isdigit() and len(text) <= 8):
        raise MalformedInput("bad_number", field=name, got=text, wanted=wanted)
    if not least <= int(text) <= most:
        raise MalformedInput("out_of_range", field=name, got=text, wanted=wanted)
    return int(text)


def _next(request: Request, offset: int, limit: int, count: int) -> str | None:
    if offset >= count:
        return None
    query = request._request.GET.copy()
    query["offset"], query["limit"] = str(offset), str(limit)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")

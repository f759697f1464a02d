"""Bodies of the statement door: bytes stay bytes, core reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.utils.datastructures import MultiValueDict
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from typing_extensions import override

from apps.core.envelope import MAX_ENVELOPE_BYTES
from apps.core.errors import MalformedInput

_PARTS = frozenset({"envelope", "events"})


class _BytesParser(BaseParser):
    """Hands the body on as it came, under the name of its one part."""

    limit_bytes = MAX_ENVELOPE_BYTES
    part = "envelope"

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, bytes]:
        body: bytes = stream.read(self.limit_bytes + 1)
        if len(body) > self.limit_bytes:
            raise MalformedInput(
                "too_large",
                field="body",
                got=f"more than {self.limit_bytes} bytes",
                wanted=f"at most {self.limit_bytes} bytes",
            )
        return {self.part: body}


class EnvelopeParser(_BytesParser):
    """One DSSE envelope."""

    media_type = "application/json"


class EnvelopeLinesParser(_BytesParser):
    """DSSE envelopes, one a line."""

    media_type = "application/x-ndjson"
    part = "lines"
    limit_bytes = settings.BODY_LIMIT_BYTES_BY_PREFIX["/api/v1/statements"]


def read_parts(request: Request) -> tuple[bytes, bytes | None]:
    """The envelope and, in a multipart body, the lines of kind `events`.

    Raises:
        MalformedInput: no body, a part that is missing, unknown or there twice.
    """
    parts: dict[str, bytes] = {}
    for name, values in _parts(request.data):
        if name not in _PARTS or len(values) != 1:
            raise MalformedInput(
                "unknown_field",
                field=name,
                got=f"{len(values)} parts of this name",
                wanted="each of envelope, events once",
            )
        parts[name] = _part_bytes(values[0])
    if "envelope" not in parts:
        raise MalformedInput(
            "missing_field",
            field="envelope",
            got="nothing",
            wanted="a DSSE envelope",
        )
    return parts["envelope"], parts.get("events")


def read_lines(request: Request) -> bytes:
    """The body of NDJSON; raises `MalformedInput` if there is none."""
    for name, values in _parts(request.data):
        if name == "lines":
            return _part_bytes(values[0])
    raise MalformedInput("missing_field", field="body", got="nothing", wanted="NDJSON")


def _parts(data: Any) -> Iterable[tuple[str, list[Any]]]:
    if isinstance(data, MultiValueDict):
        return data.lists()
    return ((name, [value]) for name, value in data.items())


def _part_bytes(value: bytes | str | File[bytes]) -> bytes:
    if isinstance(value, str):
        # A form field was decoded on the way; encoding gives its bytes back.
        return value.encode()
    return value if isinstance(value, bytes) else value.read()

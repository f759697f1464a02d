"""Bodies of the statement door: bytes stay bytes, core reads them."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from typing_extensions import override

from apps.core.envelope import MAX_ENVELOPE_BYTES
from apps.core.errors import MalformedInput

_PARTS = frozenset({"envelope", "events"})


class _BytesParser(BaseParser):
    """Hands the body on as it came."""

    limit_bytes = MAX_ENVELOPE_BYTES

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        body: bytes = stream.read(self.limit_bytes + 1)
        if len(body) > self.limit_bytes:
            raise MalformedInput(
                "too_large", field="body", wanted=f"at most {self.limit_bytes} bytes"
            )
        return body


class EnvelopeParser(_BytesParser):
    """One DSSE envelope."""

    media_type = "application/json"


class EnvelopeLinesParser(_BytesParser):
    """DSSE envelopes, one a line."""

    media_type = "application/x-ndjson"
    limit_bytes = settings.BODY_LIMIT_BYTES_BY_PREFIX["/api/v1/statements"]


def read_parts(request: Request) -> tuple[bytes, bytes | None]:
    """The envelope and, in a multipart body, the lines of kind `events`.

    Raises:
        MalformedInput: no body, a part that is missing, unknown or there twice.
    """
    data = request.data
    if isinstance(data, bytes):
        return data, None
    parts: dict[str, bytes] = {}
    for name, values in data.lists() if hasattr(data, "lists") else ():
        if name not in _PARTS or len(values) != 1:
            raise MalformedInput(
                "unknown_field", field=name, wanted="each of envelope, events once"
            )
        parts[name] = _part_bytes(values[0])
    if "envelope" not in parts:
        raise MalformedInput(
            "missing_field", field="envelope", wanted="a DSSE envelope"
        )
    return parts["envelope"], parts.get("events")


def read_lines(request: Request) -> bytes:
    """The body of NDJSON; raises `MalformedInput` if there is none."""
    if not isinstance(request.data, bytes):
        raise MalformedInput("missing_field", field="body", wanted="NDJSON")
    return request.data


def _part_bytes(value: UploadedFile | str) -> bytes:
    # A form field was decoded on the way; encoding gives its bytes back.
    return value.encode() if isinstance(value, str) else value.read()

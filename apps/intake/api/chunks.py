"""A piece of a file as it comes: its bytes, and from where on they are the file's.

The words are those of draft-ietf-httpbis-resumable-upload (sections 4 and 6).
"""

import re
from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework.parsers import BaseParser
from typing_extensions import override

from apps.core.errors import MalformedInput
from apps.intake.operations import MAX_CHUNK_BYTES

PARTIAL_UPLOAD: Final = "application/partial-upload"
_OFFSET: Final = re.compile("[0-9]{1,15}")


class ChunkParser(BaseParser):
    """The bytes as they are, never more than a chunk of them in memory.

    Raises:
        MalformedInput: `too_large`; `cut_short`, the connection ended before them.
    """

    media_type = PARTIAL_UPLOAD

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Mapping[str, bytes]:
        said = int(stream.META.get("CONTENT_LENGTH") or 0)  # type: ignore[attr-defined]
        data: bytes = stream.read(MAX_CHUNK_BYTES + 1)
        if len(data) > MAX_CHUNK_BYTES:
            raise MalformedInput(
                "too_large",
                field="body",
                got=f"more than {MAX_CHUNK_BYTES} bytes",
                wanted=f"chunks of at most {MAX_CHUNK_BYTES} bytes",
            )
        if len(data) < said:
            raise MalformedInput(
                "cut_short",
                field="body",
                got=f"{len(data)} bytes",
                wanted=f"{said}, as Content-Length said; send the chunk again",
            )
        return {"chunk": data}


def read_offset(headers: Mapping[str, str]) -> int:
    """Upload-Offset, a number of bytes.

    Raises:
        MalformedInput: `missing_field`, `not_digits`.
    """
    text = headers.get("Upload-Offset")
    if text is None:
        raise MalformedInput(
            "missing_field", field="Upload-Offset", got="nothing", wanted="a number"
        )
    if not _OFFSET.fullmatch(text):
        raise MalformedInput(
            "not_digits", field="Upload-Offset", got=text, wanted="a number of bytes"
        )
    return int(text)


def read_chunk(data: Any) -> bytes:
    """The bytes of a parsed body; an empty one was given to no parser."""
    chunk: bytes = data.get("chunk", b"")
    return chunk

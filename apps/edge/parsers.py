"""Bodies of the machine door, parsed strictly before any serializer sees them."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser
from typing_extensions import override

from apps.core.canonical import parse_json
from apps.core.errors import MalformedInput
from apps.edge.limits import limit_bytes

_CHARSETS = frozenset({"utf-8", "utf8"})


class StrictJSONParser(BaseParser):
    """JSON as RFC 7493 wants it: UTF-8, no duplicate keys, bounded depth and size.

    Raises:
        MalformedInput: the body is not such JSON, or names another charset.
    """

    media_type = "application/json"

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        charset = _charset(media_type or "")
        if charset not in _CHARSETS:
            raise MalformedInput(
                "unknown_charset", field="Content-Type", got=charset, wanted="utf-8"
            )
        limit = limit_bytes((parser_context or {})["request"].path)
        return parse_json(stream.read(limit + 1), max_bytes=limit)


def _charset(media_type: str) -> str:
    for parameter in media_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return "utf-8"

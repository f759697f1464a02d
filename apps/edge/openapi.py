"""What every machine address says of itself: the problems it may answer with."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from apps.edge.problems import CONTENT_TYPE

# Any call may meet these: bad form, no log-in, no right, odd Accept, too often,
# database away.
_ALWAYS = (400, 401, 403, 406, 429, 503)
_WRITING = (409, 413, 415, 507)


class ProblemSerializer(serializers.Serializer[Any]):
    """An RFC 9457 problem document; `code` is stable (docs/errors.md)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    field = serializers.CharField(required=False)
    got = serializers.CharField(required=False)
    wanted = serializers.CharField(required=False)
    rule = serializers.CharField(required=False)


def reading_problems(*more: int) -> dict[Any, Any]:
    """Responses for `extend_schema` of a call that changes nothing."""
    return _problems((*_ALWAYS, *more))


def writing_problems(*more: int) -> dict[Any, Any]:
    """Responses for `extend_schema` of a call that writes."""
    return _problems((*_ALWAYS, *_WRITING, *more))


def page_of(name: str, item: Any) -> Any:
    """The schema `name`: a page of `item`, a serializer class, by cursor."""
    return inline_serializer(
        name,
        {
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": item(many=True),
        },
    )


PAGE_PARAMETERS = (
    OpenApiParameter("cursor", str, description="as `next` and `previous` give it"),
    OpenApiParameter("limit", int, description="rows a page, at most 500"),
)


def query_parameter(name: str, described: str, **schema: Any) -> OpenApiParameter:
    """A text parameter of the query; `schema` adds to its JSON Schema."""
    return OpenApiParameter(
        name,
        {"type": "string", **schema} if schema else OpenApiTypes.STR,
        OpenApiParameter.QUERY,
        description=described,
    )


def _problems(statuses: tuple[int, ...]) -> dict[Any, Any]:
    return {
        (status, CONTENT_TYPE): ProblemSerializer for status in sorted(set(statuses))
    }

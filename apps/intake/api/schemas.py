"""The shapes that the bulk door documents and answers with."""

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers

from apps.edge.error_lines import ErrorLineSerializer
from apps.intake import queries
from apps.intake.formats.words import sentence
from apps.intake.models import Upload, UploadState

_SHOWN_ERRORS = 100
UPLOAD_ID = OpenApiParameter("upload_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
UPLOAD_OFFSET = OpenApiParameter(
    "Upload-Offset",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    required=True,
    description="Where in the file these bytes belong; what HEAD answers.",
)
LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    description="Where the upload's state can be read.",
    response=[201, 202],
)
FORM: dict[str, Any] = {
    "type": "object",
    "required": ["gtin", "lot", "expiry_date", "site"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "gtin": {"type": "string", "pattern": "^[0-9]{8,14}$"},
        "lot": {"type": "string", "minLength": 1, "maxLength": 20},
        "expiry_date": {"type": "string", "format": "date"},
        "site": {"type": "string", "pattern": "^[0-9]{13}$"},
        "seed": {"type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$"},
        "check_only": {"type": "boolean"},
        "into_recalled_lot": {"type": "boolean"},
        "file_name": {"type": "string", "maxLength": 200},
        "size_bytes": {"type": "integer", "minimum": 1},
        "file_digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
}


class ErrorSerializer(ErrorLineSerializer):
    """One line that cannot be taken."""

    def words_of(self, code: str) -> str:
        """A sentence."""
        return sentence(code)


class UploadSerializer(serializers.Serializer[Any]):
    """Where an upload stands."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=UploadState.choices)
    gtin = serializers.CharField()
    lot = serializers.CharField()
    expiry_date = serializers.DateField()
    site = serializers.CharField()
    file_name = serializers.CharField()
    file_digest = serializers.CharField()
    size_bytes = serializers.IntegerField()
    received_bytes = serializers.IntegerField()
    is_check_only = serializers.BooleanField()
    rows_done = serializers.IntegerField()
    rows_total = serializers.IntegerField(allow_null=True)
    rows_per_second = serializers.SerializerMethodField()
    error_count = serializers.IntegerField()
    is_born_recalled = serializers.BooleanField()
    statement_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_rows_per_second(self, upload: Upload) -> int | None:
        """Speed of the check so far."""
        return queries.rows_per_second(upload, at=timezone.now())


class UploadDetailSerializer(UploadSerializer):
    """The same with the first errors by line."""

    errors_by_line = serializers.SerializerMethodField()

    @extend_schema_field(ErrorSerializer(many=True))
    def get_errors_by_line(self, upload: Upload) -> list[dict[str, Any]]:
        """The first 100 errors."""
        errors = queries.list_errors(upload=upload, limit=_SHOWN_ERRORS)
        return list(ErrorSerializer(errors, many=True).data)


class DraftSerializer(serializers.Serializer[Any]):
    """The exact bytes to sign, and what they say in words."""

    payload_type = serializers.CharField()
    payload = serializers.CharField()
    statement_id = serializers.CharField()
    words = serializers.CharField()
    subjects = serializers.ListField(child=serializers.DictField())
    seed = serializers.CharField()

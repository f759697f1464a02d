"""The shapes that the machine door documents."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from apps.core.statement import KINDS

HEX64 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
DSSE: dict[str, Any] = {
    "type": "object",
    "required": ["payloadType", "payload", "signatures"],
    "additionalProperties": False,
    "properties": {
        "payloadType": {
            "type": "string",
            "enum": ["application/vnd.pharmatrace.statement.v1+json"],
        },
        "payload": {"type": "string", "format": "byte", "minLength": 4},
        "signatures": {
            "type": "array",
            "minItems": 1,
            "maxItems": 16,
            "items": {
                "type": "object",
                "required": ["keyid", "sig"],
                "additionalProperties": False,
                "properties": {
                    "keyid": HEX64,
                    "sig": {"type": "string", "format": "byte", "minLength": 4},
                    "webauthn": {"type": "object"},
                    "delegation": {"type": "object"},
                },
            },
        },
    },
}
EVENTS_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["envelope", "events"],
    "properties": {
        "envelope": {"type": "string", "format": "binary"},
        "events": {"type": "string", "format": "binary"},
    },
}
WISH: dict[str, Any] = {
    "type": "object",
    "required": ["kind"],
    "description": "What is wanted, in plain words; docs/statements.md lists the "
    "members of each kind.",
    "properties": {
        "kind": {"type": "string", "enum": sorted(KINDS - {"genesis", "erasure"})}
    },
    "additionalProperties": True,
}
STATEMENT_ID = OpenApiParameter(
    "statement_id", HEX64, OpenApiParameter.PATH, description="SHA-256(PAE), hex."
)
WAIT = OpenApiParameter(
    "wait",
    {"type": "integer", "minimum": 0, "maximum": 10},
    OpenApiParameter.QUERY,
    description="Seconds to wait for the proof; the answer then has `proof`, "
    "null if it is not anchored by then.",
)
LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    description="Where the statement can be read.",
    response=[200, 201],
)


class AcceptedSerializer(serializers.Serializer[Any]):
    """A statement stands in the record; the receipt is a signed promise of that."""

    statement_id = serializers.CharField()
    accepted_ms = serializers.IntegerField()
    subjects = serializers.ListField(child=serializers.CharField())
    receipt = serializers.DictField()
    proof = serializers.DictField(required=False, allow_null=True)


class DraftSerializer(serializers.Serializer[Any]):
    """The exact bytes to sign, and what they say in words."""

    payload_type = serializers.CharField()
    payload = serializers.CharField()
    statement_id = serializers.CharField()
    words = serializers.CharField()
    subjects = serializers.ListField(child=serializers.DictField())
    lines = serializers.CharField(
        required=False,
        help_text="Kind events only: the NDJSON file. The body signs its number of "
        "lines and the SHA-256 of these bytes; check both before you sign.",
    )


class LeafSerializer(serializers.Serializer[Any]):
    """One leaf of the statement; index and chain_seq once it is sequenced."""

    tag = serializers.CharField()
    salt = serializers.CharField()
    index = serializers.IntegerField(allow_null=True)
    chain_seq = serializers.IntegerField(allow_null=True)


class SuspectSerializer(serializers.Serializer[Any]):
    """A key that was revoked as suspect signed it; it counts until it is mended."""

    keyid = serializers.CharField()
    since_ms = serializers.IntegerField()
    said_again_in = serializers.CharField(allow_null=True)


class StatementSerializer(serializers.Serializer[Any]):
    """What was said, exactly, and where it stands in the log."""

    statement_id = serializers.CharField()
    accepted_ms = serializers.IntegerField()
    kind = serializers.CharField()
    by = serializers.CharField()
    envelope = serializers.DictField()
    receipt = serializers.DictField()
    leaves = LeafSerializer(many=True)
    suspect = SuspectSerializer(allow_null=True)


AcceptedBatch = inline_serializer(
    "AcceptedBatch", {"statements": AcceptedSerializer(many=True)}
)

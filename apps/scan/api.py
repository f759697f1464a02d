"""The machine door of scanning: one code in, one verdict out."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import MalformedInput
from apps.edge.openapi import query_parameter, reading_problems
from apps.edge.throttles import PerMinute
from apps.partners.authentication import IsMember, actor_of
from apps.scan import operations, queries

# Longer than any GS1 carrier holds; a longer text is refused before it is read.
MAX_CODE_CHARACTERS = 2_048


class VerifyThrottle(PerMinute):
    """A counter scans a pack a second; guessing serials must be slower than luck."""

    scope = "verify"
    limit = 300


class TimelineSerializer(serializers.Serializer[Any]):
    """One step of the pack's custody, as the asker may see it."""

    party = serializers.CharField()
    what = serializers.CharField()
    at = serializers.CharField(help_text="a moment, or the day of a foreign step")
    is_you = serializers.BooleanField()
    is_inferred = serializers.BooleanField()
    statement_id = serializers.CharField(allow_null=True)


class VerdictSerializer(serializers.Serializer[Any]):
    """The verdict; reason codes stand in docs/scan.md."""

    verdict = serializers.ChoiceField(choices=["dispense", "hold", "ask"])
    code = serializers.CharField()
    product = serializers.CharField(allow_null=True)
    lot = serializers.CharField(allow_null=True)
    expiry_date = serializers.DateField(allow_null=True)
    serial = serializers.CharField(allow_null=True)
    is_recalled = serializers.BooleanField()
    receipt = serializers.DictField(allow_null=True)
    gtin = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    next_step = serializers.CharField()
    alert_code = serializers.CharField(allow_null=True)
    proposal = serializers.CharField(allow_null=True)
    timeline = TimelineSerializer(many=True)


class VerifyView(APIView):
    """Judge a scanned code for the caller's organisation."""

    permission_classes = [IsMember]
    throttle_classes = [VerifyThrottle]

    @extend_schema(
        operation_id="verify_pack",
        parameters=[
            query_parameter(
                "code",
                "anything scanned: element string, Digital Link, bracketed text",
                minLength=1,
                maxLength=MAX_CODE_CHARACTERS,
            )
        ],
        responses={200: VerdictSerializer, **reading_problems()},
    )
    def get(self, request: Request) -> Response:
        """Every answer is recorded; an unreadable code is answered, not refused."""
        at, actor = timezone.now(), actor_of(request)
        code = request.query_params.get("code", "")
        if len(code) > MAX_CODE_CHARACTERS:
            raise MalformedInput(
                "too_long",
                field="code",
                got=f"{len(code)} characters",
                wanted=f"at most {MAX_CODE_CHARACTERS} characters",
            )
        verdict = queries.judge_scan(code=code, actor=actor, at=at)
        operations.record_scan(code=code, verdict=verdict, actor=actor, at=at)
        receipt = queries.find_receipt(verdict.statement_id)
        return Response(verdict.as_json(receipt=receipt))

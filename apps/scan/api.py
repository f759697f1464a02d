"""The machine door of scanning: one code in, one verdict out."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.envelope import envelope_json
from apps.core.errors import MalformedInput
from apps.edge.openapi import query_parameter, reading_problems
from apps.edge.throttles import PerMinute
from apps.partners.authentication import IsMember, actor_of
from apps.partners.queries import Actor
from apps.scan import operations, queries
from apps.scan.queries import Verdict

# Longer than any GS1 carrier holds; a longer text is refused before it is read.
MAX_CODE_CHARACTERS = 2_048
CODE = query_parameter(
    "code",
    "anything scanned: element string, Digital Link, bracketed text",
    minLength=1,
    maxLength=MAX_CODE_CHARACTERS,
)


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
    proof = serializers.CharField(
        allow_null=True, help_text="address of the pack's proof; null: not for you"
    )
    answer = serializers.DictField(
        allow_null=True, help_text="this answer, signed by a receipt key (DSSE)"
    )
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
        parameters=[CODE],
        responses={200: VerdictSerializer, **reading_problems()},
    )
    def get(self, request: Request) -> Response:
        """Every answer is recorded; an unreadable code is answered, not refused."""
        at, actor = timezone.now(), actor_of(request)
        code, verdict = _asked(request, actor=actor, at=at)
        signed = operations.sign_answer(code=code, verdict=verdict, actor=actor, at=at)
        body = verdict.as_json()
        body["proof"] = _proof_address(code) if queries.may_prove(verdict) else None
        body["answer"] = envelope_json(signed) if signed else None
        return Response(body)


class PackProofView(APIView):
    """The proof of the pack that a scanned code names."""

    permission_classes = [IsMember]
    throttle_classes = [VerifyThrottle]

    @extend_schema(
        operation_id="get_pack_proof",
        parameters=[CODE],
        responses={200: OpenApiTypes.OBJECT, **reading_problems(404)},
    )
    def get(self, request: Request) -> HttpResponse:
        """A file for pharmatrace-verify; 404 until it is anchored, or not for you."""
        actor = actor_of(request)
        _, verdict = _asked(request, actor=actor, at=timezone.now())
        data = queries.find_pack_file(verdict, actor=actor)
        if data is None:
            raise Http404
        return HttpResponse(data, content_type="application/json")


class ProofCodeSerializer(serializers.Serializer[Any]):
    """A proof code (docs/formats.md): what one QR code holds."""

    text = serializers.CharField()
    size_bytes = serializers.IntegerField()
    statement_id = serializers.CharField()
    index = serializers.IntegerField()
    tree_size = serializers.IntegerField()
    seen_at = serializers.DateTimeField(
        allow_null=True, help_text="when a quorum of witnesses had seen the head"
    )


class ProofCodeView(APIView):
    """The proof of the pack that a scanned code names, as bytes for one QR code."""

    permission_classes = [IsMember]
    throttle_classes = [VerifyThrottle]

    @extend_schema(
        operation_id="get_proof_code",
        parameters=[CODE],
        responses={200: ProofCodeSerializer, **reading_problems(404)},
    )
    def get(self, request: Request) -> Response:
        """404 as for the proof, and where it does not fit one QR code."""
        _, verdict = _asked(request, actor=actor_of(request), at=timezone.now())
        code = queries.find_pack_code(verdict)
        if code is None:
            raise Http404
        answer = {
            "text": code.text,
            "size_bytes": code.size_bytes,
            "statement_id": code.shown.statement_id,
            "index": code.shown.index,
            "tree_size": code.shown.tree_size,
            "seen_at": code.seen_at,
        }
        return Response(ProofCodeSerializer(answer).data)


def _asked(request: Request, *, actor: Actor, at: datetime) -> tuple[str, Verdict]:
    """What was scanned, and the verdict on it, recorded."""
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
    return code, verdict


def _proof_address(code: str) -> str:
    return f"{reverse('verify_proof')}?{urlencode({'code': code})}"

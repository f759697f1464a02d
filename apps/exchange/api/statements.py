"""POST of signed statements: one, one with its events, or many in one transaction."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.statement import Statement
from apps.edge.openapi import writing_problems
from apps.edge.throttles import PerMinute
from apps.exchange import operations, queries
from apps.exchange.api import parsers, schemas
from apps.exchange.formats import numbered, read_submission, split_envelopes
from apps.ledger.operations import Accepted, Submission
from apps.partners.authentication import CanSign, actor_of
from apps.partners.queries import Actor

_LONGEST_WAIT_SECONDS = 10
_POLL_SECONDS = 0.2


class StatementThrottle(PerMinute):
    """A counter that scans without a pause stays far below it."""

    scope = "statements"
    limit = 3_000


class StatementsView(APIView):
    """Accept one signed statement."""

    permission_classes = [CanSign]
    parser_classes = [parsers.EnvelopeParser, MultiPartParser]
    throttle_classes = [StatementThrottle]

    @extend_schema(
        operation_id="submit_statement",
        parameters=[schemas.WAIT, schemas.LOCATION],
        request={
            "application/json": schemas.DSSE,
            "multipart/form-data": schemas.EVENTS_FORM,
        },
        responses={
            200: schemas.AcceptedSerializer,
            201: schemas.AcceptedSerializer,
            **writing_problems(),
        },
    )
    def post(self, request: Request) -> Response:
        """201 the first time, 200 with the same bytes when it is said again."""
        wait_seconds = _read_wait(request)
        envelope, lines = parsers.read_parts(request)
        at = timezone.now()
        submission = _read(envelope, lines, at=at, actor=actor_of(request))
        accepted = operations.submit_all(submissions=[submission], at=at)[0]
        body = _document(accepted)
        if wait_seconds:
            body["proof"] = _await_proof(accepted.statement_id, wait_seconds)
        return Response(
            body, status=_status([accepted]), headers={"Location": _place(accepted)}
        )


class StatementBatchView(APIView):
    """Accept many signed statements, all or none."""

    permission_classes = [CanSign]
    parser_classes = [parsers.EnvelopeLinesParser]
    throttle_classes = [StatementThrottle]

    @extend_schema(
        operation_id="submit_statements",
        request={"application/x-ndjson": {"type": "string"}},
        responses={
            200: schemas.AcceptedBatch,
            201: schemas.AcceptedBatch,
            **writing_problems(),
        },
    )
    def post(self, request: Request) -> Response:
        """One transaction, in the order of the lines; `field` names a refused line."""
        at, actor = timezone.now(), actor_of(request)
        submissions = [
            _read_numbered(position, line, at=at, actor=actor)
            for position, line in enumerate(
                split_envelopes(parsers.read_lines(request))
            )
        ]
        accepted = operations.submit_all(submissions=submissions, at=at)
        body = {"statements": [_document(each) for each in accepted]}
        return Response(body, status=_status(accepted))


def _read(
    envelope: bytes, lines: bytes | None, *, at: datetime, actor: Actor
) -> Submission:
    submission = read_submission(
        envelope=envelope, lines=lines, at=at, origin=settings.LEDGER_ORIGIN
    )
    _verify_speaker(submission.statement, actor)
    return submission


def _read_numbered(
    position: int, line: bytes, *, at: datetime, actor: Actor
) -> Submission:
    with numbered(position):
        return _read(line, None, at=at, actor=actor)


def _verify_speaker(statement: Statement, actor: Actor) -> None:
    """Check that the caller brings its own party's words.

    Statements about parties, and about keys of one that cannot help itself, carry the
    signatures of two offices; either may bring them.
    """
    is_office = actor.sees_register and statement.kind.startswith(("party.", "key."))
    if statement.by != actor.gln and not is_office:
        raise UntrustedSignature(
            "not_your_party", field="by", got=statement.by, wanted=actor.gln
        )


def _read_wait(request: Request) -> int:
    text = request.query_params.get("wait", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 2):
        raise MalformedInput("bad_number", field="wait", got=text, wanted="0 to 10")
    if int(text) > _LONGEST_WAIT_SECONDS:
        raise MalformedInput("out_of_range", field="wait", got=text, wanted="0 to 10")
    return int(text)


def _await_proof(statement_id: str, seconds: int) -> dict[str, Any] | None:
    deadline = time.monotonic() + seconds
    while True:
        proof = queries.find_proof(statement_id)
        if proof is not None or time.monotonic() >= deadline:
            return proof
        time.sleep(_POLL_SECONDS)


def _document(accepted: Accepted) -> dict[str, Any]:
    return {
        "statement_id": accepted.statement_id,
        "accepted_ms": accepted.accepted_ms,
        "subjects": list(accepted.tags),
        "receipt": accepted.receipt,
    }


def _status(accepted: Sequence[Accepted]) -> int:
    return 201 if any(each.is_new for each in accepted) else 200


def _place(accepted: Accepted) -> str:
    return reverse("statement", kwargs={"statement_id": accepted.statement_id})

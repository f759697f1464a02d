"""POST of wishes: the exact bytes to sign."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import MalformedInput
from apps.core.members import json_type
from apps.edge.openapi import writing_problems
from apps.edge.parsers import StrictJSONParser
from apps.edge.throttles import PerMinute
from apps.exchange import queries
from apps.exchange.api import schemas
from apps.partners.authentication import CanSign, actor_of


class DraftThrottle(PerMinute):
    """Drafting resolves sets of packs, which costs more than accepting them."""

    scope = "drafts"
    limit = 1_200


class DraftsView(APIView):
    """Turn a wish into a statement to sign."""

    permission_classes = [CanSign]
    parser_classes = [StrictJSONParser]
    throttle_classes = [DraftThrottle]

    @extend_schema(
        operation_id="draft_statement",
        request={"application/json": schemas.WISH},
        responses={200: schemas.DraftSerializer, **writing_problems()},
    )
    def post(self, request: Request) -> Response:
        """Nothing is written; the statement is judged again when it comes signed."""
        wish = request.data
        if not isinstance(wish, dict):
            raise MalformedInput(
                "wrong_type",
                field="body",
                got=json_type(wish),
                wanted="an object with a kind",
            )
        draft = queries.draft(wish=wish, actor=actor_of(request), at=timezone.now())
        return Response(draft.as_json())

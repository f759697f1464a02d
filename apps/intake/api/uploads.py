"""The bulk door for machines: uploads, their state, errors and statement to sign."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from typing_extensions import override

from apps.core.strict import format_base64
from apps.edge.openapi import (
    PAGE_PARAMETERS,
    page_of,
    reading_problems,
    writing_problems,
)
from apps.edge.pagination import CursorPagination
from apps.edge.throttles import PerMinute
from apps.intake import operations, queries
from apps.intake.api import schemas
from apps.intake.api.chunks import PARTIAL_UPLOAD, ChunkParser, read_chunk, read_offset
from apps.intake.formats.words import errors_csv
from apps.intake.forms import read_form, submit_form
from apps.intake.models import Upload, UploadState
from apps.partners.authentication import CanSign, IsMember, actor_of


class UploadPages(CursorPagination):
    """The newest first."""

    ordering = "-created_at"


class UploadThrottle(PerMinute):
    """Files cost disk and minutes of a worker."""

    scope = "uploads"
    limit = 120


class UploadsView(APIView):
    """Files of serials for one lot each."""

    parser_classes = [MultiPartParser]

    @override
    def get_permissions(self) -> list[BasePermission]:
        return [CanSign()] if self.request.method == "POST" else [IsMember()]

    @override
    def get_throttles(self) -> list[Any]:
        return [UploadThrottle()] if self.request.method == "POST" else []

    @extend_schema(
        operation_id="list_uploads",
        parameters=[*PAGE_PARAMETERS],
        responses={
            200: page_of("Uploads", schemas.UploadSerializer),
            **reading_problems(404),
        },
    )
    def get(self, request: Request) -> Response:
        """The organisation's uploads, the newest first."""
        pages = UploadPages()
        rows = pages.paginate_queryset(
            queries.visible_to(actor_of(request)), request, view=self
        )
        return pages.get_paginated_response(
            schemas.UploadSerializer(rows, many=True).data
        )

    @extend_schema(
        operation_id="upload_serials",
        parameters=[schemas.LOCATION],
        request={"multipart/form-data": schemas.FORM},
        responses={
            201: schemas.UploadSerializer,
            202: schemas.UploadSerializer,
            **writing_problems(),
        },
    )
    def post(self, request: Request) -> Response:
        """Take a file in, or begin one that comes in chunks; a job checks it.

        The same file for the same lot is the same upload while it is open. Without
        `file`, but with `file_name`, `size_bytes` and `file_digest`, the answer says in
        Upload-Offset from where PATCH is to send it.
        """
        wish, file = read_form(
            fields=request._request.POST.lists(), files=request._request.FILES.lists()
        )
        upload = submit_form(
            wish=wish, file=file, actor=actor_of(request), at=timezone.now()
        )
        place = reverse("api_upload", kwargs={"upload_id": upload.id})
        body = schemas.UploadSerializer(upload).data
        status = 201 if upload.state == UploadState.RECEIVING else 202
        headers = {"Location": place, **_offset_headers(upload)}
        return Response(body, status=status, headers=headers)


class ChunkThrottle(PerMinute):
    """The largest file in chunks of a megabyte, and some of them again."""

    scope = "upload_chunks"
    limit = 1_200


class UploadView(APIView):
    """One upload."""

    parser_classes = [ChunkParser]

    @override
    def get_permissions(self) -> list[BasePermission]:
        writes = self.request.method in {"PATCH", "DELETE"}
        return [CanSign()] if writes else [IsMember()]

    @override
    def get_throttles(self) -> list[Any]:
        return [ChunkThrottle()] if self.request.method == "PATCH" else []

    @extend_schema(
        operation_id="get_upload",
        parameters=[schemas.UPLOAD_ID],
        responses={200: schemas.UploadDetailSerializer, **reading_problems(404)},
    )
    def get(self, request: Request, upload_id: UUID) -> Response:
        """State, rows done and total, errors by line; HEAD tells where a file goes on."""
        upload = _get(request, upload_id)
        body = schemas.UploadDetailSerializer(upload).data
        return Response(body, headers=_offset_headers(upload))

    @extend_schema(
        operation_id="append_to_upload",
        parameters=[schemas.UPLOAD_ID, schemas.UPLOAD_OFFSET],
        request={PARTIAL_UPLOAD: OpenApiTypes.BINARY},
        responses={204: None, **writing_problems(404)},
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        """The file's next bytes, from Upload-Offset on; the last order the check."""
        upload = _get(request, upload_id)
        chunk = read_chunk(request.data)
        upload = operations.append_chunk(
            upload_id=upload.id,
            offset=read_offset(request.headers),
            chunk=chunk,
            at=timezone.now(),
        )
        return Response(status=204, headers=_offset_headers(upload))

    @extend_schema(
        operation_id="cancel_upload",
        parameters=[schemas.UPLOAD_ID],
        responses={204: None, **writing_problems(404)},
    )
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Give an open upload up; nothing of it remains but its row."""
        upload = _get(request, upload_id)
        operations.cancel_upload(upload_id=upload.id, at=timezone.now())
        return Response(status=204)


class UploadErrorsView(APIView):
    """The errors as a file."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="get_upload_errors",
        parameters=[schemas.UPLOAD_ID],
        responses={(200, "text/csv"): OpenApiTypes.STR, **reading_problems(404)},
    )
    def get(self, request: Request, upload_id: UUID) -> HttpResponse:
        """CSV of the first 1,000 errors, safe to open in a spreadsheet."""
        return answer_errors(_get(request, upload_id))


class UploadStatementView(APIView):
    """The statement that commissions the staged serials."""

    permission_classes = [CanSign]

    @extend_schema(
        operation_id="draft_commissioning",
        parameters=[schemas.UPLOAD_ID],
        responses={200: schemas.DraftSerializer, **reading_problems(404, 409)},
    )
    def get(self, request: Request, upload_id: UUID) -> Response:
        """The exact bytes to sign, the sentence in words, the seed to recheck the root."""
        upload = _get(request, upload_id)
        draft = queries.draft_statement(
            upload=upload, actor=actor_of(request), at=timezone.now()
        )
        seed = format_base64(queries.staged_seed(upload))
        return Response({**draft.as_json(), "seed": seed})


def _offset_headers(upload: Upload) -> dict[str, str]:
    """Where the file goes on, in the words of draft-ietf-httpbis-resumable-upload."""
    return {
        "Upload-Offset": str(upload.received_bytes),
        "Upload-Length": str(upload.size_bytes),
        "Upload-Complete": "?0" if upload.state == UploadState.RECEIVING else "?1",
        "Upload-Limit": f"max-append-size={operations.MAX_CHUNK_BYTES}",
    }


def answer_errors(upload: Upload) -> HttpResponse:
    """The stored errors as a download."""
    errors = queries.list_errors(upload=upload, limit=operations.MAX_ERRORS)
    response = HttpResponse(errors_csv(errors), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="errors-{upload.id}.csv"'
    return response


def _get(request: Request, upload_id: UUID) -> Upload:
    """The caller's upload, up to date; a foreign one is a missing one."""
    upload = operations.refresh_upload(
        upload_id=upload_id, actor=actor_of(request), at=timezone.now()
    )
    if upload is None:
        raise Http404
    return upload

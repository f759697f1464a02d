"""API addresses, below /api/v1/, of intake."""

from django.urls import URLPattern, URLResolver, path

from apps.intake.api import uploads

urlpatterns: list[URLPattern | URLResolver] = [
    path("uploads", uploads.UploadsView.as_view(), name="api_uploads"),
    path("uploads/<uuid:upload_id>", uploads.UploadView.as_view(), name="api_upload"),
    path(
        "uploads/<uuid:upload_id>/errors",
        uploads.UploadErrorsView.as_view(),
        name="api_upload_errors",
    ),
    path(
        "uploads/<uuid:upload_id>/statement",
        uploads.UploadStatementView.as_view(),
        name="api_upload_statement",
    ),
]

"""Pages of intake."""

from django.urls import URLPattern, URLResolver, path

from apps.intake.views import uploads

urlpatterns: list[URLPattern | URLResolver] = [
    path("uploads", uploads.upload_list, name="uploads"),
    path("uploads/new", uploads.upload_new, name="upload_new"),
    path("uploads/<uuid:upload_id>", uploads.upload_detail, name="upload"),
    path(
        "uploads/<uuid:upload_id>/progress",
        uploads.upload_progress,
        name="upload_progress",
    ),
    path(
        "uploads/<uuid:upload_id>/errors.csv",
        uploads.upload_errors,
        name="upload_errors",
    ),
    path(
        "uploads/<uuid:upload_id>/cancel", uploads.upload_cancel, name="upload_cancel"
    ),
]

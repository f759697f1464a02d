"""API addresses, below /api/v1/, of scan."""

from django.urls import URLPattern, URLResolver, path

from apps.scan import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("verify", api.VerifyView.as_view(), name="verify"),
    path("verify/proof", api.PackProofView.as_view(), name="verify_proof"),
    path("verify/code", api.ProofCodeView.as_view(), name="verify_code"),
]

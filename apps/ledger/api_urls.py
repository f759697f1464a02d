"""API addresses, below /api/v1/, of ledger."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

"""API addresses, below /api/v1/, of exchange."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

"""API addresses, below /api/v1/, of anchoring."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

"""API addresses, below /api/v1/, of catalog."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

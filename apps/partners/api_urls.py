"""API addresses, below /api/v1/, of partners."""

from django.urls import URLPattern, URLResolver, path

from apps.partners.api import PartnersView

urlpatterns: list[URLPattern | URLResolver] = [
    path("partners", PartnersView.as_view(), name="api_partners"),
]

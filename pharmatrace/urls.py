"""Every address of the site; each app names its own paths below these prefixes."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.edge.health import health
from apps.partners.views.shifts import log_out
from pharmatrace.home import home, inbox

handler400 = "apps.edge.problems.handler400"
handler403 = "apps.edge.problems.handler403"
handler404 = "apps.edge.problems.handler404"
handler500 = "apps.edge.problems.handler500"

api: list[URLPattern | URLResolver] = [
    # What machines ask most: an address is held against every one above its own.
    path("", include("apps.scan.api_urls")),
    path("", include("apps.exchange.api_urls")),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path(
        "docs",
        SpectacularSwaggerSplitView.as_view(
            url_name="schema",
            http_method_names=["get", "head"],  # its renderer cannot say OPTIONS
        ),
        name="api_docs",
    ),
    path("", include("apps.partners.api_urls")),
    path("", include("apps.catalog.api_urls")),
    path("", include("apps.custody.api_urls")),
    path("", include("apps.ledger.api_urls")),
    path("", include("apps.anchoring.api_urls")),
    path("", include("apps.recalls.api_urls")),
    path("", include("apps.alerts.api_urls")),
    path("", include("apps.intake.api_urls")),
    path("", include("apps.packaging.api_urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("inbox", inbox, name="inbox"),
    path("health", health, name="health"),
    path("language", require_POST(set_language), name="set_language"),
    path("log/", include("apps.anchoring.log_urls")),
    path("api/v1/", include(api)),
    # Logging out also ends a shift; the name stays allauth's.
    path("accounts/logout/", log_out),
    path("accounts/", include("allauth.urls")),
    path("", include("apps.partners.urls")),
    path("", include("apps.catalog.urls")),
    path("", include("apps.custody.urls")),
    path("", include("apps.ledger.urls")),
    path("", include("apps.anchoring.urls")),
    path("", include("apps.recalls.urls")),
    path("", include("apps.alerts.urls")),
    path("", include("apps.exchange.urls")),
    path("", include("apps.intake.urls")),
    path("", include("apps.scan.urls")),
    path("", include("apps.packaging.urls")),
]

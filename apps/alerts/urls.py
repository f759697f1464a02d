"""Pages of alerts."""

from django.urls import URLPattern, URLResolver, path

from apps.alerts import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("alerts", views.alert_list, name="alerts"),
    path("alerts/<int:alert_id>/close", views.alert_close, name="alert_close"),
]

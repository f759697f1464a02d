"""The public log, below /log/, as C2SP tlog-tiles names its files."""

from django.urls import URLPattern, URLResolver, path

from apps.anchoring import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("anchors/<str:name>", views.anchor, name="log_anchor"),
    path("checkpoint", views.checkpoint, name="log_checkpoint"),
    path("policy", views.policy, name="log_policy"),
    path("recalls/<str:statement_id>", views.recall, name="log_recall"),
    path("tile/<path:name>", views.tile, name="log_tile"),
]

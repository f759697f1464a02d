"""The public log, below /log/, as C2SP tlog-tiles names its files."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

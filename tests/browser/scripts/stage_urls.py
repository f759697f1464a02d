"""Only the addresses that the frame reverses; the other apps are not needed here."""

from django.urls import include, path

urlpatterns = [path("accounts/", include("allauth.urls"))]

"""Registers packaging with Django."""

from django.apps import AppConfig


class PackagingConfig(AppConfig):
    """The doors of the line that labels packs and puts them into cases."""

    name = "apps.packaging"
    label = "packaging"
    default_auto_field = "django.db.models.BigAutoField"

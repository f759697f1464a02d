"""Registers scan with Django."""

from django.apps import AppConfig


class ScanConfig(AppConfig):
    """The hand-held door: what was scanned, the verdict, labels and the resolver."""

    name = "apps.scan"
    label = "scan"
    default_auto_field = "django.db.models.BigAutoField"

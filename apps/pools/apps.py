"""Registers pools with Django."""

from django.apps import AppConfig


class PoolsConfig(AppConfig):
    """Serials that makers reserved, and what became of each."""

    name = "apps.pools"
    label = "pools"
    default_auto_field = "django.db.models.BigAutoField"

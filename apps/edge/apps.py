"""Registers edge with Django."""

from importlib import import_module

from django.apps import AppConfig
from typing_extensions import override


class EdgeConfig(AppConfig):
    """The doors' plumbing: errors to problem documents, middleware, pages of lists."""

    name = "apps.edge"
    label = "edge"
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        import_module("apps.edge.durability")  # registers its system check
        import_module("apps.edge.schema")  # registers the bearer scheme

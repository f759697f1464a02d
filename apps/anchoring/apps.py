"""Registers anchoring with Django."""

from importlib import import_module

from django.apps import AppConfig
from typing_extensions import override

from apps.edge.health import register_check


class AnchoringConfig(AppConfig):
    """Making it undeniable: sequencer, tiles, checkpoints, map, witnesses, anchors."""

    name = "apps.anchoring"
    label = "anchoring"
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        queries = import_module("apps.anchoring.queries")  # needs the models loaded
        register_check("log", queries.log_line)
        register_check("anchors", queries.anchors_line)

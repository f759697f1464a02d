"""Registers anchoring with Django."""

from django.apps import AppConfig


class AnchoringConfig(AppConfig):
    """Making it undeniable: sequencer, tiles, checkpoints, map, witnesses, anchors."""

    name = "apps.anchoring"
    label = "anchoring"
    default_auto_field = "django.db.models.BigAutoField"

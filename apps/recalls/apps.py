"""Registers recalls with Django."""

from django.apps import AppConfig


class RecallsConfig(AppConfig):
    """Calling it back: recalls, notices, answers and the units they touch."""

    name = "apps.recalls"
    label = "recalls"
    default_auto_field = "django.db.models.BigAutoField"

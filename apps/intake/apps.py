"""Registers intake with Django."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """The bulk door: files of serials, checked by row and staged for one signature."""

    name = "apps.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"

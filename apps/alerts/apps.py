"""Registers alerts with Django."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """What looks wrong: refused attempts and broken rules, as cases with evidence."""

    name = "apps.alerts"
    label = "alerts"
    default_auto_field = "django.db.models.BigAutoField"

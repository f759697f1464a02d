"""Registers partners with Django."""

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    """Who may speak: people, trading partners, sites, licences, keys and tokens."""

    name = "apps.partners"
    label = "partners"
    default_auto_field = "django.db.models.BigAutoField"

"""Registers exchange with Django."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """The machine door: statements and drafts, and the trade's standard formats."""

    name = "apps.exchange"
    label = "exchange"
    default_auto_field = "django.db.models.BigAutoField"

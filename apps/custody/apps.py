"""Registers custody with Django."""

from django.apps import AppConfig


class CustodyConfig(AppConfig):
    """Who holds what: the law judges, the ledger keeps, the projections follow."""

    name = "apps.custody"
    label = "custody"
    default_auto_field = "django.db.models.BigAutoField"

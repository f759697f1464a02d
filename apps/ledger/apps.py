"""Registers ledger with Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """What was said, for ever: envelopes, sealed parts and leaves; append only."""

    name = "apps.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

"""Registers custody with Django."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from typing_extensions import override

from apps.custody.formats import vector_at
from apps.custody.references import reference_bytes
from apps.edge.health import register_check


class CustodyConfig(AppConfig):
    """Who holds what: the law judges, the ledger keeps, the projections follow."""

    name = "apps.custody"
    label = "custody"
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Give SQLite the functions that it lacks, and /health its line."""
        connection_created.connect(_add_functions, dispatch_uid="custody.functions")
        balance = import_module("apps.custody.queries.balance")  # needs the models
        register_check("conservation", balance.conservation_line)


def _add_functions(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        add = connection.connection.create_function
        add("vector_at", 2, vector_at, deterministic=True)
        add("reference_bytes", 1, reference_bytes, deterministic=True)

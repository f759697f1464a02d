"""Registers jobs with Django."""

from importlib import import_module

from django.apps import AppConfig
from typing_extensions import override

from apps.edge.health import register_check


class JobsConfig(AppConfig):
    """What must still be done: job and outbox rows, the relay and the sweep."""

    name = "apps.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        queries = import_module("apps.jobs.queries")  # needs the models loaded
        register_check("outbox", queries.outbox_line)

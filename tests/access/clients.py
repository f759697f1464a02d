"""Browsers of the test's people, and requests that leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.db import transaction
from django.test import Client

from apps.partners.models import User


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever the block writes; limits of calls count from nought."""
    cache.clear()
    atomic = transaction.atomic()
    atomic._from_testcase = True  # else no view could open its own transaction
    with atomic:
        try:
            yield
        finally:
            transaction.set_rollback(True)


def client_of(user: User | None, *, enforce_csrf: bool = False) -> Client:
    """Somebody's browser: it shows a 500 as what it is."""
    client = Client(raise_request_exception=False, enforce_csrf_checks=enforce_csrf)
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client

"""One demo network and one server for the whole file; everything is taken away after."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from pharmatrace.demo.signing import Keyring
from tests.browser.pages.demo import Demo, build_demo
from tests.cast import keyring
from tests.emptying import empty_database

__all__ = ["keyring"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever reads the demo needs the database made.

    Nobody else asks for it: Playwright's loop counts as another context to Django, so a
    connection from before it began would stay open beside the one from within.
    """
    for item in items:
        is_here = item.nodeid.startswith("tests/browser/pages/")
        if is_here and "demo" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="module")
def demo(
    django_db_setup: None,
    django_db_blocker: Any,
    keyring: Keyring,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Demo]:
    """The demo's story, committed: the server reads with connections of its own."""
    home = tmp_path_factory.mktemp("pages")
    folders = override_settings(
        LOG_DIR=home / "log",
        LOCK_STORE=home / "lock",
        UPLOAD_DIR=home / "uploads",
        PACKAGING_DIR=home / "packaging",
    )
    with folders, django_db_blocker.unblock():
        try:
            yield build_demo(keyring, timezone.now() - timedelta(hours=1))
        finally:
            empty_database()
            connection.close()


@pytest.fixture(scope="module")
def site(demo: Demo) -> Iterator[str]:
    """The address of the served demo."""
    server = LiveServer("localhost")
    try:
        yield server.url
    finally:
        server.stop()
        _await_last_answers()


def _await_last_answers() -> None:
    """Threads of the server let go of the database after its last answers."""
    others = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for _ in range(30):
        with connection.cursor() as cursor:
            cursor.execute(others)
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.1)

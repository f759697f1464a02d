"""One world for a whole file: built once, in a transaction that is taken back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import TestCase, override_settings
from django.utils import timezone

from pharmatrace.demo.signing import Keyring
from tests.access.world import World, build_world
from tests.cast import keyring

__all__ = ["keyring"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here asks the site; they are too many for the fast part."""
    for item in items:
        if item.nodeid.startswith("tests/access/"):
            item.add_marker(pytest.mark.django_db)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: Any,
    keyring: Keyring,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """Both chains after their story; nobody's test changes it for the next."""
    home = tmp_path_factory.mktemp("access")
    folders = override_settings(
        LOG_DIR=home / "log",
        LOCK_STORE=home / "lock",
        UPLOAD_DIR=home / "uploads",
        BUNDLE_DIR=home / "bundles",
        PACKAGING_DIR=home / "packaging",
    )
    with folders, django_db_blocker.unblock():
        atomics = TestCase._enter_atomics()
        try:
            yield build_world(keyring, timezone.now() - timedelta(minutes=2))
        finally:
            TestCase._rollback_atomics(atomics)
            connection.close()

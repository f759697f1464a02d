"""The site refuses a database that would forget what it confirmed."""

import pytest
from django.core.checks import run_checks
from django.db import connection

pytestmark = pytest.mark.django_db


def faults() -> list[str]:
    found = run_checks(tags=["database"], databases=["default"])
    return [error.msg for error in found if error.id == "edge.E001"]


def test_the_fast_test_server_would_be_refused(settings):
    settings.REQUIRE_DURABLE_DATABASE = True

    wanted = (
        [
            f"Database default: {name} is off; acknowledged rows would be lost."
            for name in ("fsync", "synchronous_commit", "full_page_writes")
        ]
        if connection.vendor == "postgresql"
        else []
    )
    assert faults() == wanted


def test_tests_themselves_may_be_fast():
    assert faults() == []


def test_sqlite_keeps_full_synchronous_and_its_foreign_keys():
    if connection.vendor == "postgresql":
        return
    with connection.cursor() as cursor:
        values = [
            cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "foreign_keys", "journal_mode")
        ]

    assert values == [2, 1, "wal"]

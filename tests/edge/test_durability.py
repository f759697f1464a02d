"""The site refuses a database that would forget what it confirmed."""

import pytest
from django.core.checks import run_checks
from django.db import ConnectionHandler, connection

from pharmatrace import databases

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
        else ["Database default: synchronous is 0; acknowledged rows would be lost."]
    )
    assert faults() == wanted


def test_tests_themselves_may_be_fast():
    assert faults() == []


def test_sqlite_keeps_full_synchronous_and_its_foreign_keys(tmp_path):
    given = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "site.sqlite3"}
    site = ConnectionHandler(
        databases.configure(primary=given, replica=None, pool_mode="")
    )["default"]
    with site.cursor() as cursor:
        values = [
            cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "foreign_keys", "journal_mode")
        ]
    site.close()

    assert values == [2, 1, "wal"]

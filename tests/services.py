"""pytest plugin (`-p tests.services`): real servers before Django reads its settings.

TEST_DB=sqlite runs the fast part on SQLite instead, with --only-database no test that
cannot reach one; workers of pytest-xdist inherit what the first process started.
"""

import contextlib
import os
import tempfile

import pytest

from tests import embedded

_STACK = contextlib.ExitStack()
# A folder of our own, before any setting is read: tests touch no var/ of the site.
if "PHARMATRACE_TEST_VAR" not in os.environ:
    os.environ["PHARMATRACE_TEST_VAR"] = _STACK.enter_context(
        tempfile.TemporaryDirectory(prefix="pt-var-")
    )


def _start() -> str:
    """Start what is there; say in one line what the tests run on."""
    database = "SQLite"
    if os.environ.get("TEST_DB", "postgresql") == "sqlite":
        os.environ.pop("DATABASE_URL", None)
    elif "DATABASE_URL" in os.environ:
        database = "PostgreSQL by DATABASE_URL"
    elif binaries := embedded.find_postgresql():
        os.environ["DATABASE_URL"] = _STACK.enter_context(embedded.postgresql(binaries))
        database = f"PostgreSQL from {binaries}"
    elif os.environ.get("CI"):
        # Most tests would be left out, not skipped, and the run would look well.
        raise pytest.UsageError("NO POSTGRESQL: in CI the tests run on one")
    else:
        database = "SQLite; NO POSTGRESQL: browser, journeys and slow tests left out"
    broker = os.environ.get("REDIS_URL", "none")
    if broker == "none" and (binary := embedded.find_redis()):
        celery_url, redis_url = _STACK.enter_context(embedded.redis(binary))
        os.environ["TEST_BROKER_URL"] = celery_url
        os.environ["REDIS_URL"] = redis_url
        broker = str(binary)
    return f"database: {database}; Redis: {broker}"


_SAID = _start()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where all tests run on another database too, these are asked there."""
    parser.addoption(
        "--only-database",
        action="store_true",
        help="leave out what pytest-django would let reach no database",
    )


def pytest_report_header() -> str:
    """Name the servers in the head of the report."""
    return _SAID


def pytest_unconfigure() -> None:
    """Stop the servers."""
    _STACK.close()

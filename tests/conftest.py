"""What every test stands on: loopback only, tables emptied past the triggers, profiles."""

import gc
import ipaddress
import os
import socket
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation

from tests import skips
from tests.emptying import empty_database

hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
# The same examples in every run: more of them would find nothing new the next time.
hypothesis.settings.register_profile(
    "ci", max_examples=50, deadline=None, derandomize=True
)
# `make properties`: others in every run.
hypothesis.settings.register_profile("long", max_examples=1_000, deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Two journeys share it; it is rewritten before either is imported.
pytest.register_assert_rewrite("tests.journeys.proving")

IS_SQLITE = "DATABASE_URL" not in os.environ
# Begun last, one of these would keep one worker while the other has nothing to do.
_LONG = ("browser/pages", "site", "access", "faults", "custody", "exchange")
_NOT_ON_SQLITE = ("slow", "browser", "journey", "postgresql")
# Whoever has none of these, nor the mark, is refused a connection by pytest-django.
_ON_A_DATABASE = frozenset({"db", "transactional_db", "django_db_setup", "live_server"})


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: nobody need look for garbage among it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        # A test leaves little of it; by the usual 700 new objects it is looked for
        # several times in a request, through all that earlier tests have cached.
        gc.set_threshold(50_000, 20, 20)
        gc.enable()


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Long files come first; on SQLite only the fast part runs, nothing is skipped."""
    items.sort(key=lambda item: _rank(item.path))
    kept, left = [], []
    for item in items:
        is_slow = IS_SQLITE and any(map(item.get_closest_marker, _NOT_ON_SQLITE))
        is_elsewhere = config.option.only_database and not _reaches_database(item)
        (left if is_slow or is_elsewhere else kept).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


def _reaches_database(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    is_marked = item.get_closest_marker("django_db") is not None
    return is_marked or not _ON_A_DATABASE.isdisjoint(names)


@cache
def _rank(path: Path) -> int:
    for rank, folder in enumerate(_LONG):
        if path.is_relative_to(Path(__file__).parent / folder):
            return rank
    return len(_LONG)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip is a failure, unless the machine's owner wants it so."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("CI") and skips.list_wrong(skipped):
        reporter.write_line("CI: tests were skipped; nothing may be.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say aloud what was not tried."""
    for reason in skips.list_forbidden(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"WARNING: {reason}", yellow=True, bold=True)


@pytest.fixture(autouse=True)
def one_language() -> Iterator[None]:
    """A request in German leaves German behind it in its thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Tests reach this machine only."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_disks() -> Iterator[None]:
    """No test survives a power cut: a file that is open counts as durable.

    What is synced, and in which order, is asked with strace, or by wrapping this.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)
        yield


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not _is_loopback(str(address[0])):
            raise RuntimeError(f"A test wanted to reach {address}; use a fake client.")
        return connect(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The test database; taken away at the end, whoever still reads it.

    A thread of a live server lets go of its connection when the browser's last socket
    closes, which may be after the end; without FORCE that is an error now and then.
    """
    yield
    if connection.vendor == "postgresql":
        connection.creation._destroy_test_db = _drop_with_force


def _drop_with_force(name: str, _verbosity: int) -> None:
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)} WITH (FORCE)")


@pytest.fixture(autouse=True, scope="session")
def emptied_past_triggers() -> Iterator[None]:
    """After a transactional test the tables are emptied in our own, cheaper way."""

    def empty(_case: TransactionTestCase) -> None:
        empty_database()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long texts may hold a key of this run: a name must be the same in all workers."""
    if isinstance(val, str | bytes) and len(val) > 50:
        return argname
    return None

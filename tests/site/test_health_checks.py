"""A kept connection: not asked twice in a second, and never used when it is dead."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import ProgrammingError, connection

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def beside() -> Iterator[psycopg.Connection]:
    """Another connection to the same server; ours begins anew, and ends so."""
    connection.close()
    connection.ensure_connection()
    found = connection.get_connection_params()
    with psycopg.connect(
        **{name: found[name] for name in ("host", "user", "dbname") if name in found},
        autocommit=True,
    ) as link:
        yield link
    connection.close()


def last_question(beside: psycopg.Connection) -> str:
    row = beside.execute(
        "SELECT query FROM pg_stat_activity WHERE pid = %s", [_pid()]
    ).fetchone()
    assert row is not None
    return row[0]


def ask(question: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(question)


def _pid() -> int:
    return connection.connection.info.backend_pid


def test_one_that_answered_a_moment_ago_is_believed(beside):
    assert connection.is_usable()
    assert last_question(beside) == "SELECT 1"
    ask("SELECT 2")

    assert connection.is_usable()
    assert last_question(beside) == "SELECT 2"


def test_one_that_rested_is_asked(beside):
    assert connection.is_usable()
    ask("SELECT 2")
    connection._believed_until = 0.0

    assert connection.is_usable()
    assert last_question(beside) == "SELECT 1"


def test_one_that_failed_is_asked(beside):
    assert connection.is_usable()
    with pytest.raises(ProgrammingError, match="nothing"):
        ask("SELECT nothing")

    assert connection.errors_occurred
    assert connection.is_usable()
    assert last_question(beside) == "SELECT 1"


def test_one_that_the_server_ended_is_not_used_even_a_moment_later(beside):
    assert connection.is_usable()
    beside.execute("SELECT pg_terminate_backend(%s, 5000)", [_pid()])

    assert not connection.is_usable()


def test_the_next_request_gets_a_new_one(beside):
    connection.health_check_enabled = True
    assert connection.is_usable()
    ended = _pid()
    beside.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
    connection.health_check_done = False

    ask("SELECT 2")

    assert _pid() != ended

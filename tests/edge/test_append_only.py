"""The triggers on both databases: only growth passes."""

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from apps.edge.append_only import AppendOnly, list_protected

pytestmark = pytest.mark.django_db(transaction=True)

IS_POSTGRESQL = connection.vendor == "postgresql"
TABLES = {
    "grown": AppendOnly(table="grown", unique=[["id"], ["word", "n"]]),
    "sealed": AppendOnly(
        table="sealed",
        unique=[["id"]],
        delete_when="EXISTS (SELECT 1 FROM erased WHERE erased.id = OLD.id)",
    ),
}


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def rows(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, word, n FROM {table} ORDER BY id")
        return [tuple(row) for row in cursor.fetchall()]


@pytest.fixture(autouse=True)
def tables(db: None) -> Iterator[None]:
    columns = "(id integer PRIMARY KEY, word text, n integer, UNIQUE (word, n))"
    for table in ("grown", "sealed", "erased"):
        run(f"CREATE TABLE {table} {columns}")
    for operation in TABLES.values():
        for sql in operation.statements(connection.vendor):
            run(sql)
    run("INSERT INTO grown VALUES (1, 'a', 1)")
    run("INSERT INTO sealed VALUES (1, 'a', 1)")
    yield
    for table in ("grown", "sealed", "erased"):
        run(f"DROP TABLE {table}")
    if IS_POSTGRESQL:
        for table in TABLES:
            run(f"DROP FUNCTION {table}_append_only()")


def test_a_new_row_is_taken():
    run("INSERT INTO grown VALUES (2, 'b', 1)")

    assert rows("grown") == [(1, "a", 1), (2, "b", 1)]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE {} SET word = 'x'",
        "UPDATE {} SET word = word",
        "DELETE FROM {}",
        "DELETE FROM {} WHERE id = 1",
        "INSERT INTO {} VALUES (1, 'z', 9) ON CONFLICT (id) DO UPDATE SET word = 'z'",
    ],
)
def test_a_written_row_stays_as_it_is(table: str, sql: str):
    with pytest.raises(IntegrityError, match="append only"):
        run(sql.format(table))

    assert rows(table) == [(1, "a", 1)]


REPLACING = [
    ("grown", "INSERT OR REPLACE INTO grown VALUES (1, 'evil', 1)"),
    ("grown", "INSERT OR REPLACE INTO grown VALUES (9, 'a', 1)"),
    ("grown", "REPLACE INTO grown VALUES (1, 'evil', 1)"),
    ("sealed", "INSERT OR REPLACE INTO sealed VALUES (1, 'evil', 1)"),
]
EMPTYING = [
    ("grown", "TRUNCATE grown"),
    ("sealed", "TRUNCATE sealed"),
    ("grown", "SET LOCAL session_replication_role = replica; DELETE FROM grown"),
    (
        "grown",
        "MERGE INTO grown g USING (SELECT 1 AS i) s ON g.id = s.i"
        " WHEN MATCHED THEN UPDATE SET word = 'evil'",
    ),
]


@pytest.mark.parametrize(("table", "sql"), EMPTYING if IS_POSTGRESQL else REPLACING)
def test_the_back_ways_of_this_database_are_shut(table: str, sql: str):
    with pytest.raises(IntegrityError, match="append only"):
        run(sql)

    assert rows(table) == [(1, "a", 1)]


def test_a_sealed_row_goes_only_where_an_erasure_names_it():
    run("INSERT INTO sealed VALUES (2, 'b', 1)")
    run("INSERT INTO erased VALUES (1, '', 0)")

    run("DELETE FROM sealed WHERE id = 1")
    with pytest.raises(IntegrityError, match="append only"):
        run("DELETE FROM sealed WHERE id = 2")

    assert rows("sealed") == [(2, "b", 1)]


def test_a_named_row_may_go_but_never_change():
    run("INSERT INTO erased VALUES (1, '', 0)")

    with pytest.raises(IntegrityError, match="append only"):
        run("UPDATE sealed SET word = 'x'")

    assert rows("sealed") == [(1, "a", 1)]


def test_a_missing_trigger_is_noticed():
    before = list_protected(connection)
    run(
        "ALTER TABLE grown DISABLE TRIGGER grown_append_only_row"
        if IS_POSTGRESQL
        else "DROP TRIGGER grown_append_only_insert"
    )

    assert {"grown", "sealed"} <= before
    assert "grown" not in list_protected(connection)


def test_the_operation_may_run_twice():
    for sql in TABLES["grown"].statements(connection.vendor):
        run(sql)

    assert "grown" in list_protected(connection)

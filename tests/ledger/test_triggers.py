"""Evidence cannot be changed by anybody who reaches the tables."""

import pytest
from django.db import IntegrityError, connection, transaction

from apps.edge.append_only import list_protected
from apps.ledger import operations
from apps.ledger.models import Erasure, Leaf, Statement, Vault
from tests.ledger.sayings import AT_MS, say, tag

pytestmark = pytest.mark.django_db

KEYS = {
    "ledger_statement": ("id", Statement),
    "ledger_leaf": ("index", Leaf),
    "ledger_erasure": ("statement_id", Erasure),
    "ledger_vault": ("statement_id", Vault),
}
CHANGES = {
    "ledger_statement": "accepted_ms = 1",
    "ledger_leaf": "time_ms = 1",
    "ledger_erasure": "erased_by = 'x'",
    "ledger_vault": "lines = NULL",
}


@pytest.fixture(autouse=True)
def rows() -> None:
    kept, erased = say("lot A"), say("lot B")
    leaf = (0, kept.statement_id, 0, 1, AT_MS, tag("lot A"), 0, b"p", b"c", b"h")
    with transaction.atomic():
        operations.append_leaves(rows=[leaf])
        operations.erase_vault(statement_id=erased.statement_id, erased_by="e" * 64)
    if connection.vendor == "postgresql":
        # Foreign keys checked at commit would stop TRUNCATE before the trigger does.
        run("SET CONSTRAINTS ALL IMMEDIATE")


def run(sql: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)


def content(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM {table} ORDER BY "{KEYS[table][0]}"')
        return [
            tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
            for row in cursor.fetchall()
        ]


def test_all_tables_of_evidence_are_protected():
    assert {*KEYS} <= list_protected(connection)
    assert {
        "anchoring_anchortoken",
        "anchoring_checkpoint",
        "anchoring_signednote",
    } <= list_protected(connection)


@pytest.mark.parametrize("table", KEYS)
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE {table} SET {change}",
        "DELETE FROM {table}",
        'INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT ("{key}")'
        " DO UPDATE SET {change}",
    ],
)
def test_no_row_is_updated_deleted_or_upserted(table, sql):
    before = content(table)
    assert before

    with pytest.raises(IntegrityError, match="append only"):
        run(sql.format(table=table, key=KEYS[table][0], change=CHANGES[table]))

    assert content(table) == before


@pytest.mark.parametrize("table", KEYS)
def test_no_row_is_replaced_or_truncated(table):
    before = content(table)
    sql = f"TRUNCATE {table} CASCADE"
    if connection.vendor == "sqlite":
        sql = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"

    with pytest.raises(IntegrityError, match="append only"):
        run(sql)

    assert content(table) == before


def test_the_object_mapper_is_refused_like_everybody_else():
    statement, leaf = Statement.objects.earliest("accept_no"), Leaf.objects.get()

    for change in (
        statement.save,
        statement.delete,
        leaf.save,
        lambda: Vault.objects.update(receipt=b"{}"),
        lambda: Leaf.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_vault_goes_only_where_an_erasure_names_it():
    kept = Vault.objects.get()

    with pytest.raises(IntegrityError, match="append only"):
        run(f"DELETE FROM ledger_vault WHERE statement_id = '{kept.statement_id}'")
    Erasure.objects.create(statement_id=kept.statement_id, erased_by="e" * 64)

    assert (
        run(f"DELETE FROM ledger_vault WHERE statement_id = '{kept.statement_id}'") == 1
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("unknown", ["0" * 64, ""])
def test_no_leaf_names_a_statement_that_is_not_stored(unknown):
    known = Statement.objects.earliest("accept_no").id
    leaves = [
        (
            number,
            name,
            0,
            1,
            AT_MS,
            tag(f"lot {number}"),
            0,
            b"p",
            b"c",
            bytes([number]),
        )
        for number, name in enumerate([known, None, unknown, known], 1)
    ]

    with pytest.raises(IntegrityError), transaction.atomic():
        operations.append_leaves(rows=leaves)

    assert Leaf.objects.count() == 1
    with transaction.atomic():
        operations.append_leaves(rows=[leaves[0], leaves[1], leaves[3]])
    assert Leaf.objects.count() == 4


@pytest.mark.postgresql
@pytest.mark.parametrize("table", ["statement", "vault", "pending"])
def test_an_id_has_one_index(table):
    """Nobody asks with LIKE for its beginning; every append would pay for a second."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_indexes WHERE tablename = %s"
            " AND indexdef ~ '\\((statement_)?id[ )]'",
            [f"ledger_{table}"],
        )
        assert cursor.fetchone() == (1,)

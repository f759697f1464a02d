"""Serials and seeds that a maker signed stay as they are; staged ones may go."""

import pytest
from django.db import IntegrityError, connection, transaction

from apps.catalog import queries as catalog
from apps.custody import operations
from apps.custody.models import Commissioning, SerialChunk, StagedChunk, Staging
from apps.edge.append_only import list_protected
from apps.ledger.models import Erasure
from apps.partners import queries as partners
from pharmatrace.demo.cast import AMOXIL, NOVAMED
from tests.cast import Stage
from tests.custody.goods import EXPIRY, Goods, serials

pytestmark = pytest.mark.django_db

CHANGES = {
    "custody_serialchunk": "serials = 'X'",
    "custody_commissioning": "base = 7",
}


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=3)
    if connection.vendor == "postgresql":
        # Foreign keys checked at commit would stop TRUNCATE before the trigger does.
        run("SET CONSTRAINTS ALL IMMEDIATE")
    return told


def run(sql: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)


def content() -> list[object]:
    rows = [
        *SerialChunk.objects.values_list("pk", "batch_id", "first", "serials"),
        *Commissioning.objects.values_list("pk", "base", "size", "root", "seed"),
    ]
    return [
        tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
        for row in rows
    ]


def test_both_tables_are_protected():
    assert {*CHANGES} <= list_protected(connection)


@pytest.mark.parametrize("table", CHANGES)
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE {table} SET {change}",
        "DELETE FROM {table}",
        "INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT (id)"
        " DO UPDATE SET {change}",
    ],
)
def test_no_row_is_updated_deleted_or_upserted(goods: Goods, table: str, sql: str):
    before = content()
    assert len(before) == 2

    with pytest.raises(IntegrityError, match="append only"):
        run(sql.format(table=table, change=CHANGES[table]))

    assert content() == before


@pytest.mark.parametrize("table", CHANGES)
def test_no_row_is_replaced_or_truncated(goods: Goods, table: str):
    before = content()
    sql = f"TRUNCATE {table} CASCADE"
    if connection.vendor == "sqlite":
        sql = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"

    with pytest.raises(IntegrityError, match="append only"):
        run(sql)

    assert content() == before


def test_a_lot_has_one_commissioning_a_statement_and_a_base(goods: Goods):
    row = Commissioning.objects.get()

    for changes in ({"statement_id": "f" * 64}, {"base": 3}):
        copy = {name: getattr(row, name) for name in ("batch", "size", "root", "seed")}
        same = {"statement_id": row.statement_id, "base": row.base}
        with pytest.raises(IntegrityError), transaction.atomic():
            Commissioning.objects.create(**copy | same | changes)

    assert Commissioning.objects.count() == 1


def test_a_seed_goes_only_where_an_erasure_names_its_statement(goods: Goods):
    other = goods.commission("A2", names=serials(3, start=10)).statement_id
    erased = Commissioning.objects.exclude(statement_id=other).get().statement_id
    Erasure.objects.create(statement_id=erased, erased_by="e" * 64)

    with pytest.raises(IntegrityError, match="append only"):
        run(f"DELETE FROM custody_commissioning WHERE statement_id = '{other}'")
    with pytest.raises(IntegrityError, match="append only"):
        run("UPDATE custody_commissioning SET base = 9 WHERE base = 0")
    assert Commissioning.objects.count() == 2

    sql = f"DELETE FROM custody_commissioning WHERE statement_id = '{erased}'"
    assert run(sql) == 1


def test_staged_serials_may_be_forgotten_and_staged_anew(stage: Stage):
    product = catalog.get_product(AMOXIL.gtin)
    partner = partners.get_partner(NOVAMED.gln)
    for _again in range(2):
        staging = operations.stage_serials(
            product=product,
            partner=partner,
            lot="A1",
            expiry_date=EXPIRY,
            serials=serials(3),
            at=stage.tick(),
        )
        assert Commissioning.objects.count() == SerialChunk.objects.count() == 0
        operations.discard_staging(staging_id=staging.pk)

    assert Staging.objects.count() == StagedChunk.objects.count() == 0

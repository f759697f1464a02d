"""Events by batch in partitions: the same answers, before, after and while cut."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from apps.core.errors import LedgerConflict, MalformedInput
from apps.custody import operations, queries
from apps.custody.models import EventChunk, EventLine, ForwardChunk
from apps.custody.operations import detaching, partitions
from pharmatrace.demo.stage import Stage
from tests.cast import AMOXIL, STELLA
from tests.conftest import IS_SQLITE
from tests.custody.goods import Goods, pack, packs, serials

GTIN = AMOXIL.gtin
TABLES = partitions.TABLES
pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def goods(stage: Stage) -> Goods:
    goods = Goods(stage)
    goods.commission(lot="A1", count=40)
    goods.deliver(packs(serials(10)))
    return goods


def bounds(table: str) -> list[str]:
    return [part.bounds for part in partitions.list_partitions(table)]


def counts() -> list[int]:
    return [model.objects.count() for model in (EventLine, EventChunk, ForwardChunk)]


def trade(goods: Goods, lot: str) -> None:
    """A new lot, and packs of the old one, on the way."""
    goods.commission(lot=lot, names=[f"{lot}{name}" for name in serials(8)])
    goods.deliver([pack(f"{lot}S000001"), pack(f"S0000{ord(lot[0]) % 20 + 10}")])


@pytest.mark.postgresql
def test_a_cut_moves_no_row_and_trade_goes_on(goods):
    before, unit = counts(), queries.find_unit(gtin=GTIN, serial="S000003")
    history = queries.history(batch_id=unit.batch_id, ordinal=unit.ordinal)

    end = partitions.cut()

    assert counts() == before
    assert queries.find_unit(gtin=GTIN, serial="S000003") == unit
    assert queries.history(batch_id=unit.batch_id, ordinal=unit.ordinal) == history
    for table in TABLES:
        assert bounds(table) == [
            f"FOR VALUES FROM ('0') TO ('{end}')",
            f"FOR VALUES FROM ('{end}') TO (MAXVALUE)",
        ]
    trade(goods, "B2")
    goods.do(STELLA, "dispense", items=[pack("S000003")])
    assert list(operations.replay_check()) == []


@pytest.mark.postgresql
def test_a_lot_behind_the_cut_lies_in_the_part_that_grows(goods, monkeypatch):
    monkeypatch.setattr(partitions, "MARGIN", 1)
    partitions.cut()
    goods.commission(lot="B2", names=["NEW1"])
    partitions.cut()
    goods.commission(lot="C3", names=["NEW2"])

    assert [_count(f"custody_eventline_{n}") for n in (1, 2, 3)] == [5, 1, 1]
    assert [_count(f"custody_forwardchunk_{n}") for n in (1, 2, 3)] == [1, 1, 1]
    assert list(operations.replay_check()) == []
    operations.rebuild()
    assert list(operations.replay_check()) == []


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        return cursor.fetchone()[0]


@pytest.mark.postgresql
def test_rows_keep_what_the_tables_promised(goods):
    partitions.cut()
    line = EventLine.objects.latest("pk")
    chunk = EventChunk.objects.latest("pk")

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, contype, COUNT(*) FROM pg_constraint"
            " WHERE conrelid::regclass::text = ANY(%s) GROUP BY 1, 2",
            [list(TABLES)],
        )
        kept = {(table, kind): count for table, kind, count in cursor.fetchall()}
    assert kept["custody_eventline", "f"] == 2  # its batch and its event
    assert kept["custody_eventchunk", "p"] == 1  # by batch, as it is cut
    assert kept["custody_eventchunk", "f"] == 1
    assert kept["custody_forwardchunk", "u"] == 1
    assert EventLine.objects.create(
        event=line.event, batch=line.batch, target_holder="", target_site="",
        target_status="", count=0, units=b"",
    ).pk == line.pk + 1  # fmt: skip
    with pytest.raises(Exception, match="duplicate key"):
        EventChunk.objects.create(
            batch=chunk.batch,
            chunk_no=chunk.chunk_no,
            line=chunk.line,
            first=chunk.first,
            last=chunk.last,
        )


@pytest.mark.postgresql
def test_a_part_is_taken_out_and_put_back(goods, monkeypatch):
    monkeypatch.setattr(partitions, "MARGIN", 1)
    partitions.cut()
    before = counts()
    said = StringIO()

    call_command("partition", "--detach", "1", stdout=said)
    assert counts() == [0, 0, 0]
    assert list(operations.replay_check()) != []
    call_command("partition", "--attach", "1", stdout=said)

    assert counts() == before
    assert list(operations.replay_check()) == []
    assert said.getvalue().splitlines()[0] == "custody_eventline_1 is detached"


@pytest.mark.postgresql
def test_a_part_that_new_lots_still_go_to_stays(goods):
    partitions.cut()  # with a margin of a thousand

    with pytest.raises(
        CommandError, match=r"part grows.*lots up to row \d+ have begun"
    ):
        call_command("partition", "--detach", "1")

    assert counts()[0] > 0


@pytest.mark.postgresql
def test_all_tables_are_detached_or_none(goods, monkeypatch):
    monkeypatch.setattr(partitions, "MARGIN", 1)
    partitions.cut()
    before, last = counts(), f"ALTER TABLE {TABLES[-1]} DETACH"
    run = detaching.run

    def stopping(*statements: str) -> None:
        if statements[-1].startswith(last):
            raise DatabaseError("canceling statement due to lock timeout")
        run(*statements)

    monkeypatch.setattr(detaching, "run", stopping)
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("partition", "--detach", "1")

    assert counts() == before


@pytest.mark.postgresql
@pytest.mark.parametrize("wish", ["--detach", "--attach"])
@pytest.mark.parametrize("number", ["2", "9"])
def test_the_part_that_grows_stays_and_others_there_are_not(goods, wish, number):
    partitions.cut()
    before = [bounds(table) for table in TABLES]

    with pytest.raises(CommandError, match="no such part"):
        call_command("partition", wish, number)

    assert [bounds(table) for table in TABLES] == before


@pytest.mark.postgresql
def test_a_cut_that_lots_outran_changes_nothing(goods, monkeypatch):
    partitions.cut()
    before = [bounds(table) for table in TABLES]
    seen = iter([1, 10**6])
    monkeypatch.setattr(partitions, "newest_lot", lambda: next(seen))

    with pytest.raises(LedgerConflict) as refused:
        partitions.cut()

    assert refused.value.code == "cut_again"
    assert [bounds(table) for table in TABLES] == before
    goods.commission(lot="B2", names=["NEW1"])  # no bound was left behind
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_constraint WHERE conname LIKE '%bounds'"
        )
        assert cursor.fetchone() == (3,)  # of the first parts


def test_the_list_says_where_every_part_ends(db):
    """Of a database without partitions, too; SQLite never has any."""
    said = StringIO()
    if IS_SQLITE:
        with pytest.raises(MalformedInput, match="sqlite; wanted postgresql"):
            partitions.cut()
    else:
        partitions.cut()

    call_command("partition", stdout=said)

    lines = said.getvalue().splitlines()
    assert len(lines) == (1 if IS_SQLITE else 6)
    assert lines[0].startswith("no part" if IS_SQLITE else "custody_eventline_1  FOR")

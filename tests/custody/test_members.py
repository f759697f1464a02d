"""The lines that moved one pack: which of a chunk's lines are read, and which are it."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from apps.custody import operations, queries
from apps.custody.formats import CHUNK, ChunkEnds, chunk_ends, to_set
from apps.custody.models import EventChunk, EventLine
from apps.custody.operations import detaching, partitions
from apps.custody.queries.members import MAY_HOLD, chunk_lines, pack_arguments
from apps.custody.queries.moves import moves_of_unit
from pharmatrace.demo.stage import Stage
from tests.cast import AMOXIL, STELLA
from tests.custody.goods import Goods, pack, packs, serials
from tests.migrating import migrated_back

BEFORE = ("custody", "0015_containers_compared_by_byte")
SIZE = 2 * CHUNK + 40


@st.composite
def _sets(draw: st.DrawFn) -> BitMap:
    units = BitMap()
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, 70 * CHUNK))
        length = draw(st.sampled_from((1, 2, 48, CHUNK, 5 * CHUNK)))
        units |= BitMap(range(first, first + length, draw(st.sampled_from((1, 1, 3)))))
    return units


@given(_sets())
def test_each_chunk_is_named_with_its_first_and_last_unit(units: BitMap) -> None:
    parts: dict[int, list[int]] = {}
    for ordinal in units:
        parts.setdefault(ordinal // CHUNK, []).append(ordinal % CHUNK)

    assert list(chunk_ends(units)) == [
        ChunkEnds(number, part[0], part[-1]) for number, part in sorted(parts.items())
    ]


def test_of_nothing_no_chunk_is_named() -> None:
    assert list(chunk_ends(BitMap())) == []


@pytest.fixture
def goods(stage: Stage) -> Goods:
    """Three chunks, of which packs here and there went on; a second lot."""
    goods = Goods(stage)
    goods.commission(count=SIZE)
    goods.commission(lot="B2", names=["B1", "B2", "B3"])
    goods.deliver(packs([*serials(5), "B2"]))
    goods.deliver(packs(serials(3, start=CHUNK - 1)))
    goods.do(STELLA, "dispense", items=packs(serials(1, start=CHUNK)))
    return goods


def _asked(ordinal: int) -> list[int]:
    """Lines of the first lot that are read for one pack."""
    sql = f"SELECT l.id FROM {chunk_lines()} WHERE {MAY_HOLD} ORDER BY l.id"
    batch_id = EventLine.objects.order_by("pk")[0].batch_id
    with connection.cursor() as cursor:
        cursor.execute(sql, pack_arguments(batch_id=batch_id, ordinal=ordinal))
        return [key for (key,) in cursor.fetchall()]


def _holding(ordinal: int) -> list[EventLine]:
    lines = EventLine.objects.filter(batch=EventLine.objects.order_by("pk")[0].batch)
    return [line for line in lines.order_by("pk") if ordinal in to_set(line.units)]


ORDINALS = [*range(7), CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK + 2, SIZE - 1]


@pytest.mark.parametrize("ordinal", ORDINALS)
def test_no_line_that_has_the_pack_is_left_out(goods: Goods, ordinal: int) -> None:
    assert {line.pk for line in _holding(ordinal)} <= set(_asked(ordinal))
    moves = moves_of_unit(batch_id=goods.batch().pk, ordinal=ordinal)
    assert [move.ref for move in moves] == [
        line.event.ref for line in _holding(ordinal)
    ]


def test_a_line_that_ends_before_the_pack_is_not_read(goods: Goods) -> None:
    assert len(_asked(4)) == 5  # commissioned, twice sent and received
    assert len(_asked(5)) == 1
    assert len(_asked(CHUNK - 2)) == 1
    assert len(_asked(CHUNK)) == 6
    assert len(_asked(CHUNK + 2)) == 1


@pytest.mark.postgresql
def test_each_line_is_looked_up_by_its_number_whatever_is_counted(goods: Goods):
    # As a plain join a lot that nobody had counted was read whole for each of its lines.
    sql = f"SELECT l.id FROM {chunk_lines()} WHERE {MAY_HOLD}"
    asked = pack_arguments(batch_id=goods.batch().pk, ordinal=7)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # there are few rows
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {sql}", asked)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "(id = x.line_id)" in plan
    assert "Join Filter" not in plan
    assert "Hash" not in plan
    assert "Index Only Scan using custody_eventchunk_pkey" in plan  # it has the ends


def _index() -> list[tuple[int, ...]]:
    columns = ("batch_id", "chunk_no", "line_id", "first", "last")
    return sorted(EventChunk.objects.values_list(*columns))


def _promises() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE conrelid::regclass::text"
            " LIKE 'custody_eventchunk%' ORDER BY 1, 2"
        )
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_the_migration_makes_the_index_from_the_lines(goods: Goods) -> None:
    rows = _index()

    with migrated_back(*BEFORE), connection.cursor() as cursor:
        cursor.execute("SELECT batch_id, chunk_no, line_id FROM custody_eventchunk")
        assert sorted(cursor.fetchall()) == [row[:3] for row in rows]

    assert _index() == rows
    goods.do(STELLA, "dispense", items=[pack("S000001")])
    assert list(operations.replay_check()) == []


def _settle() -> None:
    """Look at the keys of this test's own rows: a table is altered after."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.postgresql
@pytest.mark.django_db  # rolled back, the tables are in one piece again
def test_the_migration_takes_parts_along_also_such_as_are_detached(
    goods: Goods, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "MARGIN", 1)
    _settle()
    partitions.cut()
    goods.commission(lot="C3", names=["C1", "C2"])
    _settle()
    partitions.cut()
    goods.commission(lot="D4", names=["D1"])
    _settle()
    rows, kept = _index(), _promises()
    detaching.detach(1)

    with migrated_back(*BEFORE):
        pass

    detaching.attach(1)
    assert _index() == rows
    assert _promises() == kept
    goods.deliver([pack("D1"), pack("S000007")])
    assert list(operations.replay_check()) == []
    assert queries.find_unit(gtin=AMOXIL.gtin, serial="C2") is not None

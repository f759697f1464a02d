"""References of events: text in Python, bytes in rows, and the migration between."""

import json
from typing import Any

import pytest
from django.db import connection

from apps.core.subjects import Reference
from apps.custody import operations, queries
from apps.custody.models import Event
from apps.custody.operations import detaching, partitions
from apps.custody.references import events_of, reference_bytes, reference_text
from pharmatrace.demo.stage import Stage
from tests.cast import AMOXIL, NOVAMED, STELLA
from tests.custody.goods import Goods, pack, packs, serials, site
from tests.migrating import migrated_back

ID = "0123456789abcdef" * 4
BEFORE = ("custody", "0012_serial_blocks")
COLUMNS = "ref, parent_ref, shipment_ref, rule, is_corrected, containers"


@pytest.mark.parametrize("text", ["", ID, f"{ID}#0", f"{ID}#19999", f"{ID}#999999999"])
def test_a_reference_comes_back_from_its_bytes(text: str) -> None:
    assert reference_text(reference_bytes(text)) == text


def test_lines_are_bytes_behind_their_statement_in_the_order_of_their_numbers() -> None:
    assert reference_bytes(ID) == bytes.fromhex(ID)
    assert reference_bytes(f"{ID}#258") == bytes.fromhex(ID) + b"\0\0\1\2"
    refs = [ID, *(f"{ID}#{number}" for number in (0, 9, 10, 255, 256, 65_536))]
    stored = [reference_bytes(ref) for ref in refs]
    assert stored == sorted(stored)
    first, last = map(reference_bytes, events_of(ID))
    other = reference_bytes(f"{ID[:-1]}e"), reference_bytes(f"{ID[:-1]}0#5")
    assert all(first <= each <= last for each in stored)
    assert not any(first <= each <= last for each in other)


@pytest.mark.parametrize(
    "text",
    ["x", "#1", ID[:-1], ID.upper(), f"{ID}#", f"{ID}#01", f"{ID}#1000000000", "\0" * 32,
     f"{ID} ", "é" * 32],
)  # fmt: skip
@pytest.mark.django_db
def test_what_is_no_reference_finds_nothing_and_is_never_written(
    stage: Stage, text: str
) -> None:
    Goods(stage).commission(count=2)

    assert not Event.objects.filter(ref=text).exists()
    assert not Event.objects.filter(ref__in=[text]).exists()
    assert not Event.objects.filter(parent_ref=text).exists()
    assert not Event.objects.filter(ref__range=events_of(text)).exists()
    assert queries.find_despatch(ref=text, gln=NOVAMED.gln) is None
    with pytest.raises(RuntimeError, match="no reference"):
        Event.objects.update(parent_ref=text)


@pytest.fixture
def goods(stage: Stage) -> Goods:
    """Despatches, a file of events, a correction of one of its lines."""
    goods = Goods(stage)
    goods.commission(count=40)
    goods.deliver(packs(serials(10)))
    here = {"step": "destroy", "site": site(NOVAMED)}
    wish = {
        "kind": "events",
        "events": [{**here, "items": [pack(name)]} for name in serials(3, start=20)],
    }
    file = stage.act(NOVAMED, wish).statement_id
    goods.do(NOVAMED, "correct", parents=[f"{file}#1"])
    goods.do(STELLA, "dispense", items=packs(serials(2)))
    return goods


@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_there_and_back_with_the_rows(goods: Goods) -> None:
    _verify_there_and_back()


@pytest.mark.postgresql
@pytest.mark.django_db
def test_the_migration_takes_lines_in_partitions_along(goods: Goods) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the test's own rows
    partitions.cut()

    _verify_there_and_back()


def _verify_there_and_back() -> None:
    rows, kept = _rows(), _promises()
    gone = _copy(rows[0][0])
    gone_pk = gone.pk
    gone.delete()
    unit = queries.find_unit(gtin=AMOXIL.gtin, serial="S000000")
    assert unit is not None
    links = queries.history(batch_id=unit.batch_id, ordinal=unit.ordinal)
    assert any("#" in ref for _, ref, *_ in rows)
    with migrated_back(*BEFORE):
        assert [(pk, *map(_plain, row)) for pk, *row in _raw()] == rows
        assert [statement for (statement,) in _ask("statement_id")] == [
            ref.partition("#")[0] for _, ref, *_ in rows
        ]

    assert _rows() == rows
    assert _promises() == kept
    # Numbers go on where they were, those of deleted rows are not given again.
    assert _copy(rows[0][0]).pk > gone_pk
    assert queries.history(batch_id=unit.batch_id, ordinal=unit.ordinal) == links


@pytest.mark.django_db(transaction=True)
def test_a_migrated_ledger_is_the_replayed_one_and_trade_goes_on(goods: Goods) -> None:
    with migrated_back(*BEFORE):
        pass

    assert list(operations.replay_check()) == []
    goods.do(STELLA, "dispense", items=[pack("S000005")])
    assert list(operations.replay_check()) == []
    with pytest.raises(Exception, match=r"event_ref|UNIQUE"):
        Event.objects.create(
            ref=Event.objects.latest("pk").ref, accepted_ms=1, event_time_ms=1
        )


@pytest.mark.postgresql
@pytest.mark.django_db
def test_a_part_that_was_detached_before_the_migration_is_attached_after_it(
    goods: Goods, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "MARGIN", 1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the test's own rows
    partitions.cut()
    detaching.detach(1)
    with migrated_back(*BEFORE):
        pass

    detaching.attach(1)

    assert list(operations.replay_check()) == []
    goods.do(STELLA, "dispense", items=[pack("S000005")])


@pytest.mark.django_db
def test_a_line_of_a_file_is_named_by_a_correction(goods: Goods) -> None:
    refs = [ref for _, ref, *_ in _rows() if "#" in ref]
    file = refs[0].partition("#")[0]
    events = Event.objects.filter(ref__range=events_of(file)).order_by("ref")

    assert [event.ref for event in events] == [f"{file}#{k}" for k in range(3)]
    assert {event.statement_id for event in events} == {file}
    assert [event.is_corrected for event in events] == [False, True, False]
    assert Reference.parse(refs[1]).line == 1


def _copy(pk: int) -> Event:
    row = Event.objects.get(pk=pk)
    row.pk, row.ref = None, "f" * 64
    row.save(force_insert=True)
    return row


def _rows() -> list[tuple[Any, ...]]:
    names = COLUMNS.split(", ")
    return list(Event.objects.order_by("pk").values_list("pk", *names))


def _raw() -> list[tuple[Any, ...]]:
    return _ask(f"id, {COLUMNS}")


def _ask(columns: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM custody_event ORDER BY id")
        return list(cursor.fetchall())


def _plain(value: Any) -> Any:
    """SQLite's lists and truths as the model gives them."""
    return json.loads(value) if isinstance(value, str) and value[:1] == "[" else value


def _promises() -> list[str]:
    """Constraints and indexes of the table, and who points to it."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE tbl_name = 'custody_event'"
            )
            return sorted(name for (name,) in cursor.fetchall())
        cursor.execute(
            "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE 'custody_event'::regclass IN (conrelid, confrelid)"
            " UNION ALL SELECT indexdef FROM pg_indexes WHERE tablename = 'custody_event'"
            " UNION ALL SELECT pg_get_serial_sequence('custody_event', 'id')"
        )
        return sorted(text for (text,) in cursor.fetchall())

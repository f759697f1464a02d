"""Cold lots in blocks: every question is answered as before, and serials stay taken."""

from io import StringIO
from itertools import count

import pytest
from django.core.management import CommandError, call_command

from apps.core.errors import IntegrityBreach, LedgerConflict, MalformedInput
from apps.core.recall import parse_scope
from apps.custody import operations, queries
from apps.custody.models import (
    ArchivedBatch,
    Commissioning,
    SerialBlock,
    SerialNumber,
)
from apps.custody.queries.archived import (
    BLOCK,
    find_archived,
    iter_archived,
    pack_block,
    read_block,
)
from apps.custody.queries.scopes import units_in_scope
from pharmatrace.demo.stage import Stage
from tests.cast import AMOXIL, STELLA
from tests.custody.closing import AFTER, close, old_goods, young
from tests.custody.goods import Goods, pack, packs, serials
from tests.frozen import go_on

GTIN = AMOXIL.gtin
SMALL = 16  # serials to a block, in place of 512
SIZE = 2 * SMALL + 12


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.custody.operations.archive.BLOCK", SMALL)


@pytest.fixture
def goods(stage: Stage) -> Goods:
    """A lot of some blocks, of which a few packs came to the pharmacy; a warm lot."""
    goods = Goods(stage)

    def trade(_stage: Stage) -> None:
        goods.commission(lot="A1", count=SIZE)
        goods.deliver(packs(serials(5)))
        goods.commission(lot="B2", names=["WARM1", "WARM2"])

    go_on(stage, "a lot that grows cold", trade)
    return goods


def archive(goods: Goods, lot: str = "A1") -> int:
    return operations.archive_batch(gtin=GTIN, lot=lot, at=goods.stage.tick())


def findings() -> list[str]:
    return list(operations.replay_check())


def answers(goods: Goods) -> list[object]:
    """What can be asked of single packs, of both lots and of none."""
    asked = ["S000000", "S000004", "S000015", "S000016", f"S{SIZE - 1:06d}"]
    asked += ["WARM1", "S999999", "A", "ZZZ", "s000000"]
    scope = parse_scope({"serials": sorted(asked)})
    batch = goods.batch()
    return [
        [queries.find_unit(gtin=GTIN, serial=serial) for serial in asked],
        queries.find_positions([(GTIN, serial) for serial in asked]),
        queries.find_taken(product_id=batch.product_id, serials=asked),
        units_in_scope(batch_id=batch.pk, scope=scope),
    ]


def test_a_cold_lot_answers_as_it_did_when_it_was_warm(goods):
    before = answers(goods)

    assert archive(goods) == SIZE

    assert answers(goods) == before
    assert SerialNumber.objects.count() == 2  # the warm lot's
    assert [block.count for block in SerialBlock.objects.order_by("first")] == [
        *(SMALL, SMALL, 12)
    ]
    assert findings() == []


def test_what_comes_back_is_what_was_there(goods):
    rows = sorted(SerialNumber.objects.values_list("serial", "batch_id", "ordinal"))
    archive(goods)

    assert operations.restore_batch(gtin=GTIN, lot="A1") == SIZE

    assert rows == sorted(
        SerialNumber.objects.values_list("serial", "batch_id", "ordinal")
    )
    assert not SerialBlock.objects.exists()
    assert not ArchivedBatch.objects.exists()
    assert operations.restore_batch(gtin=GTIN, lot="A1") == 0
    assert findings() == []


def test_trade_goes_on_with_packs_of_a_cold_lot(goods):
    archive(goods)

    goods.do(STELLA, "dispense", items=[pack("S000001")])
    goods.deliver(packs(["S000020", "WARM1"]))

    assert queries.find_unit(gtin=GTIN, serial="S000001").status == "dispensed"
    assert queries.find_unit(gtin=GTIN, serial="S000020").holder == STELLA.gln
    assert findings() == []


@pytest.mark.parametrize("name", ["S000000", "S000020", f"S{SIZE - 1:06d}"])
def test_a_serial_of_a_cold_lot_stays_taken(goods, name):
    archive(goods)

    with pytest.raises(MalformedInput) as refused:
        goods.stage_only("C3", ["NEW1", name])

    assert (refused.value.code, refused.value.got) == ("serial_taken", name)


def test_what_was_checked_before_a_lot_grew_cold_is_refused_at_its_signature(goods):
    """Blocks have no constraint for it: who commissions looks, the product locked."""
    first, second = (
        goods.stage_only("E5", ["TWICE", "ONCE"]),
        goods.stage_only("C3", ["TWICE", "OTHER"]),
    )
    goods.sign_staged(first)
    archive(goods, "E5")
    before = SerialNumber.objects.count()

    with pytest.raises(LedgerConflict) as refused:
        goods.sign_staged(second)

    assert refused.value.code == "serial_taken"
    assert SerialNumber.objects.count() == before
    assert findings() == []


def test_a_lot_that_grew_is_archived_whole_again(goods):
    archive(goods)
    goods.commission(lot="A1", names=["LATER1", "LATER2"])
    assert queries.find_unit(gtin=GTIN, serial="LATER2").lot == "A1"
    assert findings() == []

    assert archive(goods) == SIZE + 2

    assert queries.find_unit(gtin=GTIN, serial="LATER2").ordinal == SIZE + 1
    assert findings() == []


def test_a_rebuild_leaves_cold_what_was_cold(goods):
    archive(goods)
    at = ArchivedBatch.objects.get().archived_at
    before = answers(goods)

    operations.rebuild()

    assert answers(goods) == before
    assert ArchivedBatch.objects.get().archived_at == at
    assert SerialNumber.objects.count() == 2
    assert findings() == []


def test_a_registry_that_lies_is_not_archived(goods):
    SerialNumber.objects.filter(serial="S000003").update(ordinal=900_000)

    with pytest.raises(IntegrityBreach) as refused:
        archive(goods)

    assert refused.value.code == "registry_differs"


def test_a_lot_that_nobody_made_is_refused(goods):
    with pytest.raises(MalformedInput) as refused:
        archive(goods, "NONE")

    assert refused.value.code == "no_such_lot"
    assert not ArchivedBatch.objects.exists()


def change(**columns: object) -> None:
    first = SerialBlock.objects.order_by("first")[1]
    SerialBlock.objects.filter(pk=first.pk).update(**columns)


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (lambda: SerialBlock.objects.filter(last__gt="S000020").delete(), "registry"),
        (lambda: change(ordinals=b""), "block unreadable"),
        (lambda: change(first="S000012"), "block unreadable"),
        (lambda: change(last="S000025"), "block unreadable"),
        (lambda: change(serials="\nS000016\n"), "block unreadable"),
        (lambda: change(serials=_swapped()), "block unreadable"),
        (lambda: change(ordinals=bytes(4 * SMALL)), "the registry differs"),
        (lambda: SerialNumber.objects.create(
            product_id=ArchivedBatch.objects.get().product_id, serial="EVIL",
            batch_id=ArchivedBatch.objects.get().pk, ordinal=SIZE), "the registry"),
    ],
)  # fmt: skip
def test_fsck_names_a_block_that_says_something_else(goods, lie, said):
    archive(goods)

    lie()

    assert any(said in finding for finding in findings()), findings()


def _swapped() -> str:
    block = SerialBlock.objects.order_by("first")[1]
    names = block.serials[1:-1].split("\n")
    names[3], names[4] = names[4], names[3]
    return "\n".join(["", *names, ""])


def test_a_block_reads_as_it_was_packed():
    rows = [(f"{n:05d}", n * 7) for n in range(BLOCK)]

    assert read_block(pack_block(rows)) == rows
    assert read_block(pack_block(rows[:1])) == rows[:1]


def test_a_part_of_a_serial_is_not_found(goods):
    archive(goods)
    asked = ["S00000", "000000", "S000000\nS000001", "", "\n", "S000000%", "'"]

    assert find_archived(gtin=GTIN, serials=asked) == {}
    assert find_archived(gtin="09521568999994", serials=["S000000"]) == {}


def test_products_without_cold_lots_pay_one_question(goods, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert find_archived(gtin=GTIN, serials=["S999999"]) == {}


def test_the_blocks_are_walked_in_the_order_of_bytes(goods):
    names = ["a", "B", "Z", "b-1", "b", "0", "%", "_"]
    goods.commission(lot="D4", names=names)
    archive(goods, "D4")

    walked = [serial for serial, _ in iter_archived(goods.batch("D4").pk)]

    assert walked == sorted(names)
    found = find_archived(gtin=GTIN, serials=names)
    assert {name: found[name][1] for name in names} == dict(zip(names, count()))


def test_the_command_says_what_it_did(goods):
    said = StringIO()

    call_command("archive", GTIN, "B2", stdout=said)
    call_command("archive", GTIN, "B2", "--restore", stdout=said)

    assert said.getvalue().splitlines() == [
        f"2 serials of {GTIN} lot B2 stand in blocks now.",
        f"2 serials of {GTIN} lot B2 stand in rows now.",
    ]
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("archive", GTIN, "NONE", stdout=said)


def test_the_books_are_closed_over_a_cold_lot(settings, tmp_path, stage):
    """What is erased is what was said; the registry, cold or warm, is what stays."""
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    goods = old_goods(stage)
    operations.archive_batch(gtin=GTIN, lot="OLD", at=stage.tick())
    young(goods, AFTER)
    where = queries.find_unit(gtin=GTIN, serial="S000030")

    close(goods)
    assert not Commissioning.objects.filter(batch=goods.batch("OLD")).exists()
    assert findings() == []
    operations.rebuild()

    assert findings() == []
    assert queries.find_unit(gtin=GTIN, serial="S000030") == where
    assert ArchivedBatch.objects.count() == 1
    with pytest.raises(MalformedInput):
        goods.stage_only("C3", ["S000030"])

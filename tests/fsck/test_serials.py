"""The serials of a lot are those that its maker signed, or fsck says so."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.catalog import queries as catalog
from apps.custody import operations
from apps.custody.models import Commissioning, SerialChunk, SerialNumber
from apps.partners import queries as partners
from pharmatrace import fsck
from tests.cast import AMOXIL, NOVAMED, Stage
from tests.custody.goods import EXPIRY, Goods, serials
from tests.frozen import go_on
from tests.fsck.forging import findings, flip, past_triggers, rewrite

pytestmark = pytest.mark.django_db

SEEDS, CHUNKS = "custody_commissioning", "custody_serialchunk"


@pytest.fixture
def goods(log: object, stage: Stage) -> Goods:
    go_on(stage, "a lot of 3,000", _commission)
    return Goods(stage)


def _commission(stage: Stage) -> None:
    """A lot of 3,000 in two commissionings; the second begins within a chunk."""
    told = Goods(stage)
    told.commission(names=serials(1_500))
    told.commission(names=serials(1_500, start=1_500))


def second() -> Commissioning:
    return Commissioning.objects.get(base=1_500)


def place() -> str:
    return f"batch {AMOXIL.gtin} lot A1, statement {second().statement_id}"


def swap_in_chunks() -> None:
    """The packs of two ordinals change their names in the evidence."""
    for row in SerialChunk.objects.filter(first__gte=1_500):
        names = row.serials.replace("S001600", "?").replace("S002900", "S001600")
        rewrite(row, serials=names.replace("?", "S002900"))


def swap_in_registry() -> None:
    rows = SerialNumber.objects
    rows.filter(serial="S001600").update(ordinal=2_900)
    rows.filter(serial="S002900").update(ordinal=1_600)


def replace_in_both() -> None:
    """A serial that was never signed takes the place of one that was."""
    row = SerialChunk.objects.get(first=2_048)
    rewrite(row, serials=row.serials.replace("S002900", "EVIL"))
    SerialNumber.objects.filter(serial="S002900").update(serial="EVIL")


def test_a_true_lot_is_clean(goods: Goods) -> None:
    assert SerialChunk.objects.count() == 4
    assert fsck.run(at=goods.stage.at).findings == ()


def test_staged_serials_are_nobodys_word_yet(goods: Goods) -> None:
    """They may wait, be replaced and be forgotten; nothing of it is a finding."""
    stagings = [
        operations.stage_serials(
            product=catalog.get_product(AMOXIL.gtin),
            partner=partners.get_partner(NOVAMED.gln),
            lot=lot,
            expiry_date=EXPIRY,
            serials=serials(10, start=5_000),
            at=goods.stage.tick(),
        )
        for lot in ("A1", "A1", "A2")
    ]
    assert fsck.run(at=goods.stage.at).is_clean

    operations.discard_staging(staging_id=stagings[0].pk)

    assert fsck.run(at=goods.stage.at).is_clean


def test_another_seed_is_found(goods: Goods) -> None:
    rewrite(second(), seed=flip(second().seed))

    assert findings(goods.stage) == [("serial_root_differs", place())]


def test_a_seed_of_another_length_is_found(goods: Goods) -> None:
    rewrite(second(), seed=b"short")

    assert findings(goods.stage) == [("bad_length", f"{place()}, seed")]


def test_a_lost_seed_is_found(goods: Goods) -> None:
    where = place()
    past_triggers(lambda: second().delete(), SEEDS)

    assert findings(goods.stage) == [("seed_missing", where)]


def test_serials_swapped_in_the_evidence_are_found(goods: Goods) -> None:
    swap_in_chunks()

    assert findings(goods.stage) == [("serial_root_differs", place())]
    # The registry was left alone, so the packs can be named.
    named = [line for line in operations.replay_check() if "S001600" in line]
    assert named == [
        f"batch {AMOXIL.gtin} lot A1: the registry differs from the serials"
        " commissioned, S001600"
    ]


@pytest.mark.parametrize("forge", [replace_in_both, swap_in_registry])
def test_serials_swapped_in_evidence_and_registry_are_found(
    goods: Goods, forge: Callable[[], None]
) -> None:
    if forge is swap_in_registry:
        swap_in_chunks()
    forge()

    # Both tell the same lie: only the signed root contradicts.
    assert list(operations.replay_check()) == []
    assert findings(goods.stage) == [("serial_root_differs", place())]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"base": 1}, "commissioning_base_differs"),
        ({"size": 1}, "commissioning_size_differs"),
        ({"root": bytes(32)}, "commissioning_root_differs"),
    ],
)
def test_a_changed_commissioning_is_found(goods: Goods, change, code: str) -> None:
    where = place()
    rewrite(second(), **change)

    assert findings(goods.stage) == [(code, where)]


def test_a_commissioning_of_another_lot_is_found(goods: Goods) -> None:
    goods.commission("A2", names=serials(3, start=9_000))
    rewrite(second(), batch=goods.batch("A2"))

    assert findings(goods.stage) == [("commissioning_batch_differs", place())]


def test_a_commissioning_that_nobody_signed_is_found(goods: Goods) -> None:
    """Rows may be added without passing a trigger."""
    row = second()
    row.pk, row.statement_id, row.base = None, "f" * 64, 3_000
    row.save(force_insert=True)

    unknown = ("unknown_commissioning", f"statement {'f' * 64}")
    assert findings(goods.stage) == [unknown]


def test_a_lost_row_of_serials_is_found(goods: Goods) -> None:
    past_triggers(
        lambda: SerialChunk.objects.filter(first=2_048).delete(),
        CHUNKS,
    )

    found = findings(goods.stage)

    assert found == [
        ("serials_missing", place()),
        ("serial_rows_differ", f"batch {bytes(goods.batch().tag).hex()}"),
    ]


@pytest.mark.parametrize(("chunk_no", "first"), [(1, 2_000), (7, 7_168), (7, 2_000)])
def test_a_row_of_serials_beside_the_signed_ones_is_found(
    goods: Goods, chunk_no: int, first: int
) -> None:
    """It would give ordinals another name, and no trigger refuses growth."""
    SerialChunk.objects.create(
        batch=goods.batch(), chunk_no=chunk_no, first=first, serials="EVIL"
    )

    codes = {code for code, _where in findings(goods.stage)}

    assert "serial_rows_differ" in codes


def test_a_row_of_serials_in_another_chunk_is_found(goods: Goods) -> None:
    rewrite(SerialChunk.objects.get(first=2_048), chunk_no=9)

    assert findings(goods.stage) == [("serials_missing", place())]


def test_a_serial_beside_the_registry_is_found(goods: Goods) -> None:
    row = SerialNumber.objects.filter(serial="S000000").get()
    SerialNumber.objects.create(
        product_id=row.product_id, serial="EVIL", batch_id=999_999, ordinal=0
    )

    assert list(operations.replay_check()) == [
        "registry: 3001 serials, 3000 commissioned"
    ]


def test_the_command_says_which_lot_and_whose_word(goods: Goods, capsys) -> None:
    rewrite(second(), seed=flip(second().seed))

    with pytest.raises(CommandError):
        call_command("fsck")

    assert f"{place()}: serial root differs; got " in capsys.readouterr().out

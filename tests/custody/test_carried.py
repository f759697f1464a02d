"""What is inside a container goes with it: one row of a pallet says where all are."""

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core.errors import TraceError
from apps.custody import operations
from apps.custody.models import Container
from apps.custody.queries.boxes import boxes_of_lot
from apps.custody.queries.containers import place_of
from apps.custody.queries.shelf import free_boxes
from apps.custody.queries.sight import find_container
from pharmatrace.demo.cast import NOVAMED, REGULATOR, STELLA, TRANSPHARM, Player
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, packs, serials, site, sscc
from tests.custody.pages import Reader
from tests.migrating import migrated_back

BEFORE = ("custody", "0016_ends_in_chunks")
CASES = [box(1), box(2)]
PALLET, CRATE, LONE = box(3), box(4), box(5)


@pytest.fixture
def goods(stage: Stage) -> Goods:
    """Two cases on a pallet in a crate, and a case on its own."""
    told = Goods(stage)
    told.commission(count=40)
    told.fill(1, serials(10))
    told.fill(2, serials(10, start=10))
    _put(told, PALLET, CASES)
    _put(told, CRATE, [PALLET])
    told.fill(5, serials(5, start=20))
    return told


def _put(goods: Goods, into: str, boxes: list[str]) -> None:
    goods.do(NOVAMED, "new_container", container=into)
    goods.do(NOVAMED, "pack", container=into, items=boxes)


def _said() -> dict[str, tuple[str, str, str]]:
    """What every row itself says of its place."""
    return {row.epc: (row.holder, row.site, row.status) for row in _rows()}


def _places() -> dict[str, tuple[str, str, str]]:
    return {row.epc: tuple(place_of(row)) for row in _rows()}


def _rows() -> list[Container]:
    return list(Container.objects.order_by("epc"))


def _at(player: Player, status: str) -> tuple[str, str, str]:
    return player.gln, site(player), status


def _versions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT epc, ctid::text FROM custody_container")
        return dict(cursor.fetchall())


@pytest.mark.django_db
def test_only_the_outermost_row_says_where_it_is(goods: Goods) -> None:
    goods.ship([CRATE])

    nowhere, away = ("", "", ""), _at(NOVAMED, "in_transit")
    assert _said() == {
        **dict.fromkeys([*CASES, PALLET], nowhere),
        CRATE: away,
        LONE: _at(NOVAMED, "active"),
    }
    assert _places() == {
        **dict.fromkeys([*CASES, PALLET, CRATE], away),
        LONE: _at(NOVAMED, "active"),
    }
    assert list(operations.replay_check()) == []


@pytest.mark.postgresql
@pytest.mark.django_db
def test_a_transfer_writes_one_row_of_all_that_stand_in_each_other(
    goods: Goods,
) -> None:
    before = _versions()

    ref = goods.ship([CRATE])
    sent = _versions()
    goods.receive(ref)

    assert {epc for epc in before if before[epc] != sent[epc]} == {CRATE}
    assert {epc for epc in sent if sent[epc] != _versions()[epc]} == {CRATE}


@pytest.mark.django_db
def test_what_is_taken_out_stands_where_it_was_taken_out(goods: Goods) -> None:
    goods.receive(goods.ship([CRATE]))
    goods.do(TRANSPHARM, "unpack", container=CRATE)
    goods.do(TRANSPHARM, "unpack", container=PALLET, items=[CASES[0]])

    here, nowhere = _at(TRANSPHARM, "active"), ("", "", "")
    said = _said()
    assert (said[PALLET], said[CASES[0]], said[CASES[1]]) == (here, here, nowhere)
    assert list(operations.replay_check()) == []


@pytest.mark.django_db
def test_a_case_that_did_not_come_stays_where_its_pallet_was(goods: Goods) -> None:
    goods.receive(goods.ship([CRATE]), items=packs(serials(4)))

    said = _said()
    assert said[CRATE] == _at(TRANSPHARM, "active")
    assert said[CASES[1]] == _at(NOVAMED, "in_transit")
    assert said[CASES[0]] == ("", "", "")
    assert list(operations.replay_check()) == []


@pytest.mark.parametrize(
    ("epc", "place"),
    [
        (CASES[0], {"holder": NOVAMED.gln}),
        (PALLET, {"site": site(NOVAMED)}),
        (PALLET, {"status": "active"}),
        (CRATE, {"holder": ""}),
        (CRATE, {"site": ""}),
        (LONE, {"status": ""}),
        (LONE, {"parent": None, "holder": "", "site": "", "status": ""}),
    ],
)
@pytest.mark.django_db
def test_no_row_says_a_place_beside_that_of_the_outermost(
    goods: Goods, epc: str, place: dict[str, str]
) -> None:
    with pytest.raises(IntegrityError, match="container_place"), transaction.atomic():
        Container.objects.filter(epc=epc).update(**place)


@pytest.mark.django_db
def test_a_case_is_seen_by_whom_its_pallet_is_seen(goods: Goods) -> None:
    def seen() -> set[str]:
        return {
            player.gln
            for player in (NOVAMED, TRANSPHARM, STELLA, REGULATOR)
            if find_container(actor=goods.stage.actor(player), epc=CASES[0])
        }

    before, ref = seen(), goods.ship([CRATE])
    sent = seen()
    goods.receive(ref)

    assert before == {NOVAMED.gln, REGULATOR.gln}
    assert sent == {NOVAMED.gln, TRANSPHARM.gln, REGULATOR.gln}
    assert seen() == {TRANSPHARM.gln, REGULATOR.gln}


@pytest.mark.django_db
def test_the_page_of_a_case_says_where_its_pallet_is(goods: Goods) -> None:
    goods.receive(goods.ship([CRATE]))

    page = Reader(goods.stage, TRANSPHARM).page(f"/containers/{sscc(1)}")

    assert (page.holder, page.site) == (TRANSPHARM.name, TRANSPHARM.sites[0].name)
    assert (page.is_ours, page.may_unpack, page.ship_url) == (True, True, "")


@pytest.mark.django_db
def test_a_lot_lists_the_own_containers_that_have_some_of_it(goods: Goods) -> None:
    goods.commission(lot="B2", names=["B1", "B2"])
    goods.fill(6, ["B1"])
    batch_id = goods.batch().pk

    def listed(player: Player, most: int = 9) -> tuple[dict[str, int], int]:
        found, count = boxes_of_lot(batch_id=batch_id, gln=player.gln, most=most)
        return {each.epc: each.count for each in found}, count

    every = {CASES[0]: 10, CASES[1]: 10, PALLET: 20, CRATE: 20, LONE: 5}
    assert listed(NOVAMED) == (every, 5)
    assert listed(NOVAMED, most=2) == ({CASES[0]: 10, CASES[1]: 10}, 5)
    ref = goods.ship([CRATE])
    assert listed(NOVAMED) == (every, 5)
    goods.receive(ref)
    assert listed(NOVAMED) == ({LONE: 5}, 1)
    assert listed(TRANSPHARM)[1] == 4
    assert listed(STELLA) == ({}, 0)


@pytest.mark.django_db
def test_free_containers_of_a_party_are_found_by_the_index_of_holders(
    goods: Goods,
) -> None:
    rows = free_boxes(gln=NOVAMED.gln, site=site(NOVAMED))
    assert [row.epc for row in rows] == [CRATE, LONE]
    Container.objects.bulk_create(
        Container(epc=box(number), holder=f"{number}", site="1", status="active")
        for number in range(1_000, 2_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE custody_container")

    plan = rows.explain()

    assert "container_holder" in plan


@pytest.mark.django_db(transaction=True)
def test_the_migration_takes_places_from_inner_rows_and_gives_them_back(
    goods: Goods,
) -> None:
    goods.ship([CRATE])
    said, places = _said(), _places()

    with migrated_back(*BEFORE), connection.cursor() as cursor:
        cursor.execute("SELECT epc, holder, site, status FROM custody_container")
        assert {epc: tuple(place) for epc, *place in cursor.fetchall()} == places

    assert _said() == said
    assert list(operations.replay_check()) == []
    goods.do(NOVAMED, "unpack", container=LONE)
    assert list(operations.replay_check()) == []


@pytest.mark.django_db(transaction=True)
def test_a_rebuilt_ledger_says_places_in_the_same_rows(goods: Goods) -> None:
    goods.ship([CRATE])
    said = _said()

    operations.rebuild()

    assert _said() == said
    assert list(operations.replay_check()) == []


def test_containers_put_into_each_other_by_hand_are_named_and_hang_nobody(goods):
    inner = Container.objects.get(epc=PALLET)
    Container.objects.filter(epc=CRATE).update(
        parent=inner, holder="", site="", status=""
    )

    found = list(operations.replay_check())

    assert {f"container {epc}: differs" for epc in (*CASES, PALLET, CRATE)} <= {*found}
    regulator = goods.stage.actor(REGULATOR)
    assert find_container(actor=regulator, epc=PALLET).epc == PALLET
    with pytest.raises(TraceError):
        goods.do(NOVAMED, "unpack", container=CASES[0], items=packs(serials(1)))

"""The site goes on while everything is derived again: fsck looks at one moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.anchoring import operations
from apps.anchoring.clients.public_files import public_files
from apps.core.tiles import ENTRIES, Tile, format_bundle
from pharmatrace import fsck
from pharmatrace.fsck.files import TreeChecker
from tests.cast import STELLA, Stage
from tests.custody.goods import Goods, packs, serials
from tests.recalls.calls import open_recall


@pytest.fixture
def goods(log: object, stage: Stage) -> Goods:
    goods = Goods(stage)
    goods.commission(count=40)
    goods.deliver(packs(serials(10)))
    operations.sequence(at=stage.tick())
    return goods


def elsewhere(work: Callable[[], None]) -> None:
    """As another process of the site does it, on a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result(120)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["statements", "leaves"])
def test_what_is_recorded_and_published_meanwhile_is_no_difference(goods, when):
    stage, ticked = goods.stage, []

    def trade() -> None:
        goods.commission(lot="B2", names=[f"B2{name}" for name in serials(8)])
        goods.do(STELLA, "dispense", items=packs(serials(1)))
        open_recall(stage)
        operations.sequence(at=stage.tick())

    def tick(name: str, done: int, total: int) -> None:
        if name == when and not ticked:
            ticked.append((done, total))
            elsewhere(trade)

    found = list(fsck.check_everything(at=stage.at, tick=tick))

    assert ticked
    assert found == []
    assert list(fsck.check_everything(at=stage.at)) == []


def test_a_partial_file_that_its_full_tile_replaced_is_no_loss(log):
    entries = [bytes([number] * 5) for number in range(256)]
    hashes = [bytes([number] * 32) for number in range(256)]
    stores = {Tile(ENTRIES, 0): format_bundle(entries), Tile(0, 0): b"".join(hashes)}
    public_files().write_tiles(stores)

    assert list(TreeChecker(3).extend(entries[:3], hashes[:3])) == []
    hashes[2] = bytes(32)
    found = [each.where for each in TreeChecker(3).extend(entries[:3], hashes[:3])]
    assert found == ["tile/0/000.p/3, leaf 2"]

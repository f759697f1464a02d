"""A brand authority of genesis admits partners; over goods it has no power."""

from dataclasses import replace

import pytest

from apps.core.errors import ForbiddenTransfer
from apps.custody import operations
from apps.custody.models import BatchHold
from apps.custody.queries.load import regulators_of
from apps.custody.queries.replay import Replay
from apps.partners import queries as partners
from pharmatrace.demo.cast import TRADERS
from pharmatrace.demo.signing import Keyring
from pharmatrace.genesis import draft_genesis
from tests.cast import AMOXIL, MARKT, NOVAMED, OPERATOR, REGULATOR, START, Stage
from tests.custody.goods import Goods, packs, serials

BRAND = replace(MARKT, role="brand_authority")


@pytest.fixture
def goods(db: None, keyring: Keyring) -> Goods:
    """A ledger whose genesis names a regulator and a brand authority."""
    stage = Stage(keyring, START)
    names = (OPERATOR, REGULATOR, BRAND)
    operator, *authorities = (stage._authority(each) for each in names)
    draft = draft_genesis(
        operator=operator, authorities=tuple(authorities), at=stage.tick()
    )
    stage.submit(draft, *(keyring.key_of(each) for each in names))
    for office in names:
        stage.make_people(office)
    for player in TRADERS:
        if player.gln != BRAND.gln:
            stage.admit(player)
        stage.license(player)
    stage.register(NOVAMED, AMOXIL)
    told = Goods(stage)
    told.commission()
    return told


def test_only_the_regulator_is_one_to_the_law(goods: Goods) -> None:
    replay = Replay()
    replay.begin()
    list(replay.run())

    assert partners.is_authority(BRAND.gln)
    assert regulators_of(partners.get_genesis()) == {REGULATOR.gln}
    assert replay.state.regulators == {REGULATOR.gln}


def test_a_brand_authority_puts_no_strangers_goods_on_hold(goods: Goods) -> None:
    with pytest.raises(ForbiddenTransfer) as refused:
        goods.do(BRAND, "hold", items=packs(serials(1)))

    assert refused.value.code == "not_in_your_custody"
    assert not BatchHold.objects.exists()


def test_a_brand_authority_cannot_name_a_strangers_container(goods: Goods) -> None:
    case = goods.fill(1, serials(4))

    with pytest.raises(ForbiddenTransfer) as refused:
        goods.do(BRAND, "hold", items=[case])

    assert refused.value.code == "container_unknown"
    assert list(operations.replay_check()) == []

"""Which of many serials a product has already, asked one by one or read in one go."""

import random

import pytest
from django.db import connection

from apps.core.errors import MalformedInput
from apps.custody import queries
from apps.custody.queries import registry
from tests.custody.goods import Goods, serials
from tests.frozen import go_on

# Around them a language's own order differs from that of bytes.
ODD = ["a1", "A1", "B-1", "B1", "B_1", "B%1", "b'1", 'B"1', "B/1", "Z", "_1"]


@pytest.fixture(params=[8, 0], ids=["dense", "one by one"])
def density(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_DENSE", request.param)


@pytest.fixture
def goods(stage) -> Goods:
    goods = Goods(stage)
    go_on(stage, "odd serials", lambda _: goods.commission(lot="A1", names=ODD))
    return goods


@pytest.mark.usefixtures("density")
@pytest.mark.parametrize("at_once", [1, 3, 50_000])
def test_those_that_the_product_has_are_found(goods, monkeypatch, at_once):
    monkeypatch.setattr(registry, "ASKED_AT_ONCE", at_once)
    product = goods.batch().product_id
    new = ["0", "A", "a2", "B", "B 1", "c", "zz", "B11"]
    asked = [*ODD, *new]
    random.Random(7).shuffle(asked)

    found = queries.find_taken(product_id=product, serials=asked)

    assert found == [serial for serial in asked if serial in ODD]
    assert queries.find_taken(product_id=product, serials=new) == []
    assert queries.find_taken(product_id=product, serials=[]) == []
    assert queries.find_taken(product_id=product + 1, serials=ODD) == []


@pytest.mark.usefixtures("density")
def test_the_first_of_the_file_is_named(goods):
    with pytest.raises(MalformedInput) as caught:
        goods.commission(lot="B2", names=["NEW", "b'1", "A1"])

    assert (caught.value.field, caught.value.got) == ("serials[2]", "b'1")


@pytest.mark.postgresql
def test_a_product_that_nobody_counted_is_read_once(goods):
    product = goods.batch().product_id
    asked = sorted(serials(40_000, start=500_000))
    sql, parameters = registry._dense_question(product, asked)

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Full Join" in plan
    assert "Nested Loop" not in plan

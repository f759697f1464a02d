"""What blocks recalled units is what the recall's statements say."""

import pytest
from pyroaring import BitMap

from apps.catalog.queries import get_product
from apps.custody import operations
from apps.custody.formats import to_bytes
from apps.custody.models import RecallRule, RecallScope
from apps.recalls.models import Recall
from tests.cast import CARDIOL, STELLA, Stage
from tests.custody.goods import Goods, serials
from tests.frozen import go_on
from tests.recalls.calls import close, open_recall

pytestmark = pytest.mark.django_db


@pytest.fixture
def recall(stage: Stage) -> Recall:
    return Recall.objects.get(pk=go_on(stage, "recalls of two lots", _recall))


def _recall(stage: Stage) -> str:
    """Three packs of lot A1 are recalled, and all of A2; one recall is over."""
    goods = Goods(stage)
    goods.commission(count=20)
    goods.commission("A2", names=serials(5, start=50))
    open_recall(stage, "A2")
    close(stage, open_recall(stage, "A2"))
    scope = {"serials": serials(3)}
    return open_recall(stage, scope=scope).pk


def test_true_recalls_are_clean(recall: Recall) -> None:
    assert list(operations.replay_check()) == []
    assert RecallScope.objects.count() == 2


@pytest.mark.parametrize(
    ("column", "value", "named"),
    [
        ("opened_by", STELLA.gln, "opener or address of returns differs"),
        ("return_to", STELLA.gln, "opener or address of returns differs"),
        ("scope", {"serials": serials(2)}, "scope differs"),
    ],
)
def test_a_changed_rule_of_a_recall_is_found(
    recall: Recall, column: str, value: object, named: str
) -> None:
    RecallRule.objects.filter(recall_id=recall.pk).update(**{column: value})

    assert list(operations.replay_check()) == [f"recall {recall.pk[:16]}: {named}"]


def test_a_rule_of_another_product_is_found(recall: Recall) -> None:
    RecallRule.objects.update(product=get_product(CARDIOL.gtin))

    assert sum("scope differs" in line for line in operations.replay_check()) == 2


def test_an_unreadable_rule_is_found(recall: Recall) -> None:
    rules = RecallRule.objects.filter(recall_id=recall.pk)
    for scope, named in ((["lots"], "scope differs"), ({"lot": []}, "unknown")):
        rules.update(scope=scope)

        (only,) = operations.replay_check()

        assert only.startswith(f"recall {recall.pk[:16]}: ")
        assert named in only


def test_a_lost_rule_is_found(recall: Recall) -> None:
    """Lots to come would be born as if nothing had been recalled."""
    RecallRule.objects.filter(recall_id=recall.pk).delete()

    place = f"recall {recall.pk[:16]}"
    assert list(operations.replay_check()) == [
        f"{place}: in one of ledger and tables only"
    ]


def test_fewer_recalled_units_are_found(recall: Recall) -> None:
    RecallScope.objects.filter(recall_id=recall.pk).update(
        units=to_bytes(BitMap([0, 1]))
    )

    found = list(operations.replay_check())

    assert f"recall {recall.pk[:16]}: units differ" in found
    assert any(line.endswith("recalled units differ") for line in found)


def test_units_of_a_recall_that_is_over_are_found(recall: Recall) -> None:
    RecallScope.objects.filter(recall_id=recall.pk).update(recall_id="f" * 64)

    found = list(operations.replay_check())

    assert f"recall {'f' * 16}: units of no open recall" in found
    assert f"recall {recall.pk[:16]}: units differ" in found

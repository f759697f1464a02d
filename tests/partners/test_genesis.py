from apps.ledger.models import Pending, Statement
from apps.partners.models import SigningKey, TradingPartner
from tests.cast import Stage


def test_genesis_names_the_operator_and_the_regulator(ledger: Stage) -> None:
    roles = dict(TradingPartner.objects.values_list("role", "gln"))

    assert roles == {"operator": "9506000100012", "regulator": "9501101000018"}
    assert SigningKey.objects.filter(is_genesis=True, role="admin").count() == 2
    assert Statement.objects.get().kind == "genesis"
    assert Pending.objects.count() == 1


def test_the_whole_cast(stage: Stage) -> None:
    assert TradingPartner.objects.count() == 7

from apps.alerts.models import Alert
from apps.catalog.models import Batch
from apps.custody.models import Discrepancy, Shipment
from apps.recalls.models import Answer, Notice, Recall
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from pharmatrace.demo.story import Story
from tests.cast import START, keyring

__all__ = ["keyring"]


def test_the_demo_plays_to_its_end(db: None, keyring: Keyring) -> None:
    Story(Stage(keyring, START)).play()

    assert Batch.objects.count() == 20
    assert Shipment.objects.filter(is_open=True).count() == 3
    assert Discrepancy.objects.get(is_settled=False).count == 24
    assert Recall.objects.get().recall_class == "II"
    assert Notice.objects.filter(partner__name="Stella Pharmacy").get().held_count == 44
    assert Answer.objects.get().count == 48
    assert Alert.objects.get().kind == "recalled"

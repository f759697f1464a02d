import re

from apps.alerts.models import Alert
from apps.catalog.models import Batch
from apps.core.gs1 import Sscc
from apps.custody.models import Discrepancy, Shipment
from apps.custody.queries.numbers import free_ssccs
from apps.recalls.models import Answer, Notice, Recall
from apps.scan import queries as scan
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from pharmatrace.demo.story import Story
from tests.architecture.sources import ROOT
from tests.cast import NOVAMED, START, STELLA, keyring

__all__ = ["keyring"]

_README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_demo_plays_to_its_end(db: None, keyring: Keyring) -> None:
    Story(Stage(keyring, START)).play()

    assert Batch.objects.count() == 20
    assert Shipment.objects.filter(is_open=True).count() == 3
    assert Discrepancy.objects.get(is_settled=False).count == 24
    assert Recall.objects.get().recall_class == "II"
    assert Notice.objects.filter(partner__name="Stella Pharmacy").get().held_count == 44
    assert Answer.objects.get().count == 48
    assert Alert.objects.get().kind == "recalled"


def test_the_readme_prints_the_codes_of_the_demo(db: None, keyring: Keyring) -> None:
    stage = Stage(keyring, START)
    Story(stage).play()
    codes = re.findall(r"`(\(01\)\d{14}\(21\)\w+)`", _README)
    (first_case,) = re.findall(r"`00(\d{18})`", _README)
    links = re.findall(r"`/(01/\d{14}/21/\w+)`", _README)

    verdicts = [
        scan.judge_scan(code=code, actor=stage.actor(STELLA), at=stage.at)
        for code in codes
    ]

    assert [(told.rule.verdict, told.is_recalled) for told in verdicts] == [
        ("dispense", False),
        ("hold", True),
    ]
    # The patient's pack is the one that was supplied, and step 6 recalls its lot.
    assert links == [codes[0].replace("(01)", "01/").replace("(21)", "/21/")]
    assert f"lot `{verdicts[0].lot}`" in _README
    # Step 4 packs into the next free numbers.
    assert Sscc.parse(first_case).text == first_case
    assert free_ssccs(gln=NOVAMED.gln, count=2)[0] == first_case

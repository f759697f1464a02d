"""Every pack of the demo has a proof, whatever was done with it since."""

import pytest

from apps.anchoring import operations
from apps.anchoring import queries as anchoring
from apps.core.keyring import build_keyring
from apps.core.packproof import SaidStep, ShownStep, parse_pack_proof
from apps.core.packs import verify_pack_proof
from apps.core.policy import Policy
from apps.custody.models import SerialNumber
from apps.ledger.models import Statement
from apps.scan import queries
from pharmatrace.demo.cast import REGULATOR
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from pharmatrace.demo.story import Story
from tests.cast import START, keyring

__all__ = ["keyring"]


@pytest.fixture
def stage(db, keyring: Keyring, settings, tmp_path) -> Stage:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    stage = Stage(keyring, START)
    Story(stage).play()
    operations.sequence(at=stage.tick())
    return stage


def test_all_steps_of_all_fates_are_shown_to_the_regulator(stage: Stage) -> None:
    policy = Policy.parse(anchoring.read_policy() or b"")
    genesis = Statement.objects.get(kind="genesis").id
    packs = SerialNumber.objects.filter(ordinal=0).order_by("batch_id")
    rows = list(packs.values_list("product__gtin", "serial"))
    actor = stage.actor(REGULATOR)
    lots, sizes = set(), set()
    for gtin, serial in rows:
        code = f"(01){gtin}(21){serial}"
        verdict = queries.judge_scan(code=code, actor=actor, at=stage.at)
        data = queries.find_pack_file(verdict, actor=actor)
        assert data is not None, code
        proof = parse_pack_proof(data)
        shown = [each for each in proof.history if isinstance(each, ShownStep)]
        said = [each for each in proof.history if isinstance(each, SaidStep)]
        keys = [key for each in shown for key in each.proof.keys]
        ring = build_keyring([*proof.statement.keys, *keys], genesis_id=genesis)
        found = verify_pack_proof(proof=proof, policy=policy, ring=ring)

        assert said == [], code
        assert all(each.is_shown for each in found.findings if each.step == 13)
        lots.add(found.pack.lot)
        made = queries.find_pack_code(verdict)
        assert made is not None
        sizes.add(made.size_bytes)
    assert len(lots) == 20
    assert max(sizes) < 1_200

"""A large file's root comes from a process beside: the same root, whole or nothing."""

import pytest

from apps.core.errors import MalformedInput
from apps.core.serials import serials_root
from apps.custody.models import StagedChunk, Staging
from apps.custody.operations import stage as staging_module
from apps.edge import apart
from tests.custody.goods import AMOXIL, Goods, serials

pytestmark = pytest.mark.django_db


@pytest.fixture
def processes(monkeypatch):
    """Nothing is too short for a process, and two cores are there; what was started."""
    monkeypatch.setattr(staging_module, "_MANY", 1)
    monkeypatch.setattr(apart.os, "sched_getaffinity", lambda _: {0, 1})
    found = []
    start = apart.subprocess.Popen

    def note(*args, **options):
        found.append(start(*args, **options))
        return found[-1]

    monkeypatch.setattr(apart.subprocess, "Popen", note)
    return found


def test_a_lot_that_grows_is_staged_and_signed(stage, processes):
    goods = Goods(stage)
    goods.commission(names=serials(1_500))
    added = serials(2_000, start=1_500)

    staging = goods.stage_only(names=added)

    assert len(processes) == 2
    assert bytes(staging.root) == serials_root(
        seed=bytes(staging.seed), gtin=AMOXIL.gtin, base=1_500, serials=added
    )
    goods.sign_staged(staging)
    assert goods.batch().size == 3_500


def test_a_known_serial_ends_the_process_and_leaves_nothing(stage, processes):
    goods = Goods(stage)
    goods.commission(names=serials(10))

    with pytest.raises(MalformedInput, match="serial taken"):
        goods.stage_only("B2", names=[*serials(5, start=100), *serials(1)])

    assert processes[-1].returncode is not None
    assert not Staging.objects.exists()
    assert not StagedChunk.objects.exists()


def test_a_process_that_was_killed_leaves_nothing(stage, processes, monkeypatch):
    goods = Goods(stage)
    verify_new = staging_module._verify_new

    def kill_meanwhile(*args):
        processes[-1].kill()
        verify_new(*args)

    monkeypatch.setattr(staging_module, "_verify_new", kill_meanwhile)

    with pytest.raises(ChildProcessError):
        goods.stage_only(names=serials(3_000))

    assert not Staging.objects.exists()
    assert not StagedChunk.objects.exists()

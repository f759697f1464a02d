"""A large file's root comes from processes beside: the same root, whole or nothing."""

import pytest

from apps.core.errors import MalformedInput
from apps.core.serials import serials_root
from apps.custody.models import StagedChunk, Staging
from apps.custody.operations import rooting
from apps.custody.operations import stage as staging_module
from apps.edge import apart
from tests.custody.goods import AMOXIL, Goods, serials

pytestmark = pytest.mark.django_db


@pytest.fixture
def processes(monkeypatch):
    """Nothing is too short for a process, and two cores are there; what was started."""
    monkeypatch.setattr(rooting, "_MANY", 1)
    monkeypatch.setattr(rooting, "_PART", 256)
    monkeypatch.setattr(rooting.os, "sched_getaffinity", lambda _: {0, 1})
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

    assert len(processes) == 4  # a half of each file
    assert bytes(staging.root) == serials_root(
        seed=bytes(staging.seed), gtin=AMOXIL.gtin, base=1_500, serials=added
    )
    goods.sign_staged(staging)
    assert goods.batch().size == 3_500


def test_a_known_serial_ends_the_processes_and_leaves_nothing(stage, processes):
    goods = Goods(stage)
    goods.commission(names=serials(10))

    with pytest.raises(MalformedInput, match="serial taken"):
        goods.stage_only("B2", names=[*serials(5, start=100), *serials(1)])

    assert all(process.returncode is not None for process in processes)
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


@pytest.mark.parametrize("cores", [1, 2, 3, 5])
@pytest.mark.parametrize("count", [1, 255, 256, 257, 1_300])
def test_however_many_hash_it_the_root_is_the_same(
    processes, monkeypatch, cores, count
):
    monkeypatch.setattr(rooting.os, "sched_getaffinity", lambda _: {*range(cores)})
    given = {"seed": bytes(32), "gtin": AMOXIL.gtin, "base": 7}
    given["serials"] = serials(count)

    with rooting.rooting(**given) as root:
        assert root() == serials_root(**given)

    assert len(processes) <= (cores if cores > 1 else 0)

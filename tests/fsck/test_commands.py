"""fsck, integrate and rebuild as an operator runs them."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.anchoring import operations
from apps.ledger.models import Leaf
from pharmatrace import fsck
from pharmatrace.tasks import fsck_nightly
from tests.cast import STELLA
from tests.fsck.forging import findings, rewrite

pytestmark = pytest.mark.django_db


def test_the_command_names_differences_and_fails(story, capsys):
    rewrite(Leaf.objects.get(index=9), time_ms=1)

    with pytest.raises(CommandError) as refusal:
        call_command("fsck")
    said = capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("fsck", "--json")
    document = json.loads(capsys.readouterr().out)

    assert refusal.value.returncode == 1
    assert "leaf 9: leaf hash differs" in said
    assert document["clean"] is False
    assert document["total"] == len(document["findings"]) > 0


def test_the_nightly_task_counts_and_names_differences(story, caplog):
    assert fsck_nightly() == {"differences": 0}
    rewrite(Leaf.objects.get(index=9), time_ms=1)

    counted = fsck_nightly()

    assert counted["differences"] >= 1
    assert any("leaf 9: leaf hash differs" in line for line in caplog.messages)


def test_the_sequencer_runs_by_command_too(story, capsys):
    story.license(STELLA, to="2042-01-01")

    call_command("integrate")
    call_command("integrate")

    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("2 leaves added") or "leaves added" in said[0]
    assert said[1] == "Nothing waits."


def test_files_are_restored_by_command(story, log, capsys):
    for path in log.rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(CommandError, match="quarantined"):
        call_command("integrate")

    call_command("integrate", "--restore-files", "--lift-quarantine")

    assert "Nothing waits." in capsys.readouterr().out
    assert findings(story) == []
    assert operations.sequence(at=story.at) is None


def test_projections_are_rebuilt_by_command(story, capsys):
    call_command("rebuild")

    assert "Replayed from the ledger" in capsys.readouterr().out
    assert fsck.run(at=story.at).is_clean

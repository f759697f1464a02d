"""The story that an auditor is shown, told by real processes."""

import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from apps.core.checkpoint import Checkpoint
from apps.core.note import Note
from tests.architecture.sources import ROOT


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["open", "keys", "log", "forge", "nothing"])
def test_no_act_is_played_on_a_site_that_is_real(act):
    with pytest.raises(CommandError, match="the story's own folder only"):
        call_command("fork_demo", "--act", act)


@pytest.mark.slow
def test_the_fork_is_refused_and_the_two_heads_are_printed():
    done = subprocess.run(
        [sys.executable, "manage.py", "fork-demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    story, *notes = done.stdout.split("\n--- ")
    assert "witnesses contradict; got one: witness_ahead" in story
    assert "Witness one: witness refuses; got root mismatch" in story
    heads = [
        Checkpoint.parse(Note.parse(note.partition("\n")[2].encode()).text)
        for note in (notes[0], notes[1].rstrip("\n") + "\n")
    ]
    assert heads[0].origin == heads[1].origin
    assert heads[0].tree_size == heads[1].tree_size
    assert heads[0].root_hash != heads[1].root_hash

"""The story of a fork, played with real processes: why witnesses are asked.

A ledger of its own lives in a temporary folder and ends with the story. Its site runs
as child processes of this command line, and two witnesses as processes of their own,
as a regulator and an association would run them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from apps.anchoring.clients.witnesses import WitnessClient
from apps.core.checkpoint import Checkpoint
from apps.core.errors import ProofError, Unavailable
from apps.core.note import Note
from apps.core.notekey import VerifierKey
from apps.core.witness import AddCheckpoint
from pharmatrace.demo.witnesses import DemoWitness, prepare_witnesses

# All that a site knows, but its keys: what a backup holds.
_STATE: Final = ("site.sqlite3", "site.sqlite3-wal", "lockstore", "log-public")
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")
_START_SECONDS: Final = 20.0
# Stands in the folder of a story: its acts play nowhere else.
STAGE_MARK: Final = "stage-of-the-fork-demo"


@dataclass(frozen=True, slots=True)
class TwoHeads:
    """Heads of one log, of one size, both signed by its keys; honest logs have one."""

    seen: bytes
    forged: bytes


class ForkDemo:
    """Plays the story in `folder`; `say` gets it line by line.

    Its methods raise RuntimeError where the story does not go as it must.
    """

    def __init__(self, folder: Path, say: Callable[[str], object]) -> None:
        self.folder = folder
        self.say = say
        self.policy = folder / "witnesses" / "policy"
        (folder / STAGE_MARK).touch()

    def play(self) -> TwoHeads:
        """The whole story; the evidence that is left of it."""
        witnesses = prepare_witnesses(self.policy)
        self.act("open")
        keys = [VerifierKey.parse(line) for line in self.act("keys").splitlines()]
        with ExitStack() as stack:
            for witness in witnesses:
                stack.enter_context(_running(witness, keys))
            self._grow_and_go_back()
            return self._fork(witnesses[0])

    def _grow_and_go_back(self) -> None:
        self.say("1. A ledger opens. Two witnesses cosign its first head.")
        self.say(f"   {self.act('log')}")
        _copy(self.folder, self.folder / "backup")
        self.say("2. Everything is backed up. Then Transpharm is admitted.")
        self.act("admit", "Transpharm")
        self.say(f"   {self.act('log')}")
        self.say("3. The backup is put back: database, lock store and public files.")
        self.say("   Nothing on this machine remembers Transpharm.")
        _copy(self.folder / "backup", self.folder)

    def _fork(self, witness: DemoWitness) -> TwoHeads:
        self.act("admit", "Stella Pharmacy")
        self.say(
            "4. The site would go on with Stella instead, and asks before it signs:"
        )
        self.say(f"   {self.refusal('log')}")
        self.say("5. A dishonest operator signs with the log's keys all the same,")
        self.say("   and asks a witness for its name under that head:")
        forged = self.act("forge").encode()
        self.say(f"   {_refused_by(witness, forged)}")
        seen = WitnessClient(witness.url).read_checkpoint(_head(forged).origin)
        if seen is None or not _contradict(seen, forged):
            raise RuntimeError("The witness does not hold another head of this size.")
        return TwoHeads(seen, forged)

    def act(self, *words: str) -> str:
        """What a process of the site answers when it is told to do one thing."""
        done = self._run(words)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr[-800:]}")
        return done.stdout

    def refusal(self, *words: str) -> str:
        """Why a process of the site does not do what it is told."""
        done = self._run(words)
        if done.returncode == 0:
            raise RuntimeError(f"{' '.join(words)} was not refused: {done.stdout}")
        return done.stderr.strip().splitlines()[-1].removeprefix("CommandError: ")

    def _run(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        inherited = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return subprocess.run(  # noqa: S603  # our own command
            # What the checks look at was checked when the story began.
            [
                *(sys.executable, "manage.py", "fork_demo", "--skip-checks"),
                *("--act", *words),
            ],
            cwd=settings.BASE_DIR,
            env=inherited
            | {
                "VAR_DIR": str(self.folder),
                "WITNESS_POLICY": str(self.policy),
                "DEMO": "0",
                "LOG_LEVEL": "CRITICAL",
            },
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def _running(witness: DemoWitness, keys: Sequence[VerifierKey]) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603  # our own command
        witness.command(keys), cwd=settings.BASE_DIR, stderr=subprocess.DEVNULL
    )
    try:
        _await(witness, keys[0].name)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _await(witness: DemoWitness, origin: str) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            WitnessClient(witness.url).read_checkpoint(origin)
        except Unavailable:
            if time.monotonic() > until:
                raise RuntimeError(f"Witness {witness.name} does not start.") from None
            time.sleep(0.1)
        else:
            return


def _copy(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for name in _STATE:
        path = target / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, path)
        elif (source / name).exists():
            shutil.copy2(source / name, path)


def _head(note: bytes) -> Checkpoint:
    return Checkpoint.parse(Note.parse(note).text)


def _contradict(one: bytes, other: bytes) -> bool:
    a, b = _head(one), _head(other)
    return (a.origin, a.tree_size) == (b.origin, b.tree_size) and a != b


def _refused_by(witness: DemoWitness, note: bytes) -> str:
    request = AddCheckpoint(_head(note).tree_size, (), note)
    try:
        WitnessClient(witness.url).add_checkpoint(
            request, keys=[witness.signer.verifier]
        )
    except ProofError as refusal:
        return f"Witness {witness.name}: {refusal}"
    raise RuntimeError("The witness cosigned a fork.")

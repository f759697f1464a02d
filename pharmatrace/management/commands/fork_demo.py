"""Shows what stops a log that was set back: its witnesses."""

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.utils import timezone
from typing_extensions import override

from apps.anchoring import operations as anchoring
from apps.anchoring.clients.log_key import log_signers
from apps.core.errors import TraceError
from apps.edge import secrets
from apps.ledger import operations as ledger
from apps.ledger import queries as ledger_queries
from pharmatrace.demo.cast import TRADERS
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from pharmatrace.forkdemo import STAGE_MARK, ForkDemo


class Command(BaseCommand):
    """Play the story; `--act` is one step of it, in the folder of VAR_DIR."""

    help = (
        "In a temporary folder: restore an old database, watch the witnesses refuse,"
        " print the two heads that prove it. Nothing of this site is touched."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--act", nargs="+", help="for the story's own processes")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"]:
            self._act(*options["act"])
            return
        with tempfile.TemporaryDirectory(prefix="pharmatrace-fork-") as folder:
            try:
                heads = ForkDemo(Path(folder), self.stdout.write).play()
            except RuntimeError as error:
                raise CommandError(f"The story broke off: {error}") from error
        self.stdout.write(
            "\nWhoever holds these two files proves the fork: same log, same size, two"
            " roots,\nboth signed by the log.\n\n--- what the witness cosigned\n"
            f"{heads.seen.decode()}\n--- what the operator signed later\n"
            f"{heads.forged.decode()}"
        )

    def _act(self, act: str, *words: str) -> None:
        # One of the acts signs what witnesses refuse: never on a site that is real.
        if not (settings.VAR_DIR / STAGE_MARK).exists():
            raise CommandError("Acts are played in the story's own folder only.")
        try:
            said = getattr(self, f"_act_{act}")(*words)
        except TraceError as error:
            quarantine = ledger_queries.find_quarantine()
            reason = quarantine.reason if quarantine else str(error)
            raise CommandError(reason) from error
        if said:
            self.stdout.write(said)

    def _act_open(self) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        secrets.create_missing()
        self._stage().open_ledger()

    def _act_keys(self) -> str:
        return "\n".join(signer.verifier.format() for signer in log_signers())

    def _act_admit(self, name: str) -> None:
        [player] = [each for each in TRADERS if each.name == name]
        self._stage().admit(player)

    def _act_log(self) -> str:
        result = anchoring.sequence(at=timezone.now())
        if result is None or not result.is_published:
            raise CommandError("Too few witnesses answer.")
        root = result.root_hash.hex()
        return f"{result.size} entries, root {root[:16]}…, cosigned and published"

    def _act_forge(self) -> str:
        """What the site never does: sign a head although witnesses contradict."""
        now = timezone.now()
        ledger.lift_quarantine()
        stores = anchoring.open_stores()
        locked = anchoring.verify_stores(stores)
        anchoring.integrate_pending(at=now, limit_leaves=anchoring.LIMIT_LEAVES)
        sealed = anchoring.seal(stores, locked=locked, at=now)
        if sealed is None:
            raise CommandError("There is nothing to sign.")
        return sealed.note.decode()

    def _stage(self) -> Stage:
        return Stage(Keyring(settings.DEMO_KEYS_DIR), timezone.now())

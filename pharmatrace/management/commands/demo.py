"""Loads the demo network, once, and says who may log in and what to try."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from typing_extensions import override

from apps.anchoring import operations as anchoring
from apps.core.errors import TraceError
from apps.edge import secrets
from apps.partners import queries
from pharmatrace.demo.cast import EVERYBODY, NOVAMED, PASSWORD
from pharmatrace.demo.goods import BY_NUMBER, RECALLED
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from pharmatrace.demo.story import Story

# Statements of the story come a few milliseconds apart; none may lie in the future.
_HEAD_START = timedelta(seconds=20)


class Command(BaseCommand):
    """Play the demo's story through the ordinary door."""

    help = "Load the demo network: five traders, twenty lots, one recall."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="do nothing but say what to try if a ledger is there already",
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if queries.find_genesis() is None:
            self._load()
        elif not options["if_empty"]:
            raise CommandError(
                "There is a ledger already; the demo needs an empty one."
            )
        if queries.find_partner(NOVAMED.gln) is not None:
            self._explain()

    def _load(self) -> None:
        secrets.create_missing()
        self.stdout.write("Loading the demo network; this takes a few seconds.")
        stage = Stage(Keyring(settings.DEMO_KEYS_DIR), timezone.now() - _HEAD_START)
        try:
            Story(stage).play()
            anchoring.sequence(at=timezone.now())
        except TraceError as error:
            raise CommandError(f"The demo stopped: {error}") from error

    def _explain(self) -> None:
        genuine, recalled = BY_NUMBER["C201"].pack(10), RECALLED.pack(10)
        people = "\n".join(
            f"  {person.username:<26} {player.name}, {person.role}"
            for player in EVERYBODY
            for person in player.people
        )
        self.stdout.write(
            f"\nThe demo network at {settings.SITE_URL}; everybody's password is"
            f" {PASSWORD}\n{people}\n"
            "\nTry:\n"
            "  1. As stella@stella.example: This device, make a key; then Scan\n"
            f"       {genuine}   DISPENSE\n"
            f"       {recalled}   HOLD, recalled\n"
            "     Receive the delivery that is under way.\n"
            "  2. As nora@novamed.example: Upload a lot, sign it, pack and ship it.\n"
            "  3. As rita@authority.example: Recalls, who has answered; Query.\n"
            f"  Keys of the demo's partners: {settings.DEMO_KEYS_DIR}\n"
        )
        self.stdout.flush()  # whoever reads it in a file waits for these logins

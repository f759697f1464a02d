"""Runs the sequencer once, as the beat does each second."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from typing_extensions import override

from apps.anchoring import operations
from apps.core.errors import TraceError
from apps.ledger import operations as ledger


class Command(BaseCommand):
    """Log what waits, sign the head, publish; or mend after an incident."""

    help = "Run the sequencer once; nothing happens where nothing waits."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--restore-files",
            action="store_true",
            help="write the published files again, up to the head in the lock store",
        )
        parser.add_argument(
            "--reseed-from-witness",
            action="store_true",
            help="fill a lost lock store with the newest head that witnesses saw",
        )
        parser.add_argument(
            "--lift-quarantine",
            action="store_true",
            help="let the ledger be written again, after the cause was mended",
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            if options["restore_files"]:
                operations.restore_files(at=now)
                self.stdout.write("The published files are those of the locked head.")
            if options["reseed_from_witness"]:
                self._reseed()
            if options["lift_quarantine"]:
                ledger.lift_quarantine()
                self.stdout.write("The quarantine is lifted.")
            result = operations.sequence(at=now)
        except TraceError as error:
            raise CommandError(str(error)) from error
        if result is None:
            self.stdout.write("Nothing waits.")
            return
        self.stdout.write(
            f"{result.added} leaves added; size {result.size},"
            f" root {result.root_hash.hex()}"
        )
        if not result.is_published:
            self.stdout.write("Not published yet: too few witnesses have cosigned.")

    def _reseed(self) -> None:
        head = operations.reseed_from_witnesses()
        if head is None:
            raise CommandError("Another sequencer holds the lock store.")
        self.stdout.write(f"The lock store holds the head of size {head.size} again.")

"""Puts a cold lot's part of the registry into blocks, or takes it out again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from typing_extensions import override

from apps.core.errors import TraceError
from apps.custody import operations as custody


class Command(BaseCommand):
    """What can be asked of the lot stays the same; its registry takes a fifth."""

    help = "Put the registry rows of a cold lot into sorted blocks, in one transaction."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("gtin", help="14 digits")
        parser.add_argument("lot")
        parser.add_argument(
            "--restore", action="store_true", help="give the lot its rows again"
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        gtin, lot = options["gtin"], options["lot"]
        try:
            if options["restore"]:
                count = custody.restore_batch(gtin=gtin, lot=lot)
            else:
                count = custody.archive_batch(gtin=gtin, lot=lot, at=timezone.now())
        except TraceError as error:
            raise CommandError(f"nothing was changed: {error.sentence()}") from error
        where = "rows" if options["restore"] else "blocks"
        self.stdout.write(f"{count} serials of {gtin} lot {lot} stand in {where} now.")

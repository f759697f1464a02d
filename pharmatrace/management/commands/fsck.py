"""Derives everything again from stored bytes and names what differs."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from typing_extensions import override

from pharmatrace import fsck

_CANCELLED = (
    "the replica ended the check to go on with what the primary did: begin again behind"
    " SELECT pg_wal_replay_pause(), or with max_standby_streaming_delay = -1"
)


class Command(BaseCommand):
    """Exit 0 if all agrees, 1 with every difference named."""

    help = "Derive leaves, chains, roots, files and holdings again; name differences."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._check(options)
        except OperationalError as error:
            if fsck.is_cancelled_by_replay(error):
                raise CommandError(_CANCELLED) from error
            raise

    def _check(self, options: dict[str, Any]) -> None:
        if options["json"]:
            report = fsck.run(at=timezone.now())
            self.stdout.write(json.dumps(report.as_json(), indent=2))
            total = report.total
        else:
            total = 0
            for finding in self._watched():
                total += 1
                self.stdout.write(finding.sentence())
        if total:
            raise CommandError(f"{total} differences", returncode=1)
        if not options["json"]:
            self.stdout.write("Everything stored agrees with everything derived.")

    def _watched(self) -> Iterator[fsck.Finding]:
        """The findings, under a bar where a person watches."""
        if not self.stderr.isatty():
            yield from fsck.check_everything(at=timezone.now())
            return
        bar = fsck.Bar(sys.stderr)
        for finding in fsck.check_everything(at=timezone.now(), tick=bar):
            bar.clear()
            yield finding
        bar.clear()

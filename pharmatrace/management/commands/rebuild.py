"""Drops the projections of custody and replays the log."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from apps.core.errors import TraceError
from apps.custody import operations as custody


class Command(BaseCommand):
    """Projections hold nothing that the ledger does not say."""

    help = "Drop who holds what and replay it from the ledger, in one transaction."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = custody.rebuild()
        except TraceError as error:
            raise CommandError(f"nothing was changed: {error}") from error
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        self.stdout.write(f"Replayed from the ledger: {said}.")

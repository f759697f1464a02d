"""Has the published head stamped now, as the beat does each hour."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from typing_extensions import override

from apps.anchoring import operations, queries
from apps.core.errors import TraceError


class Command(BaseCommand):
    """Exit 1 where a service failed; what the others did is kept."""

    help = (
        "Have the published head stamped by every service that has not done it yet, "
        "and ask what became of stamps that were promised."
    )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            result = operations.anchor_now(at=now)
            stands = queries.list_anchor_stands()
        except TraceError as error:
            raise CommandError(str(error)) from error
        sizes = {stand.options.name: stand.tree_size for stand in stands}
        for name in result.stamped:
            self.stdout.write(f"{name} has stamped the head of size {sizes[name]}.")
        for name, note in result.promised.items():
            self.stdout.write(f"{name} has promised a stamp: {note}.")
        for name, fault in result.failed.items():
            self.stderr.write(f"{name}: {fault}")
        if not stands:
            self.stdout.write("No service is named: set ANCHOR_TSAS.")
        elif not (result.stamped or result.failed or result.promised):
            self.stdout.write("Nothing was said since the last stamps.")
        if result.failed:
            raise CommandError(f"{len(result.failed)} did not stamp", returncode=1)

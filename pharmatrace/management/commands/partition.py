"""Partitions of events and vectors by batch: list, cut, detach, attach."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from typing_extensions import override

from apps.core.errors import TraceError
from apps.custody.operations import detaching, partitions


class Command(BaseCommand):
    """PostgreSQL only; without an option it lists what there is."""

    help = "Partition event lines, their index and the forward vectors by batch."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument(
            "--cut", action="store_true", help="end the last part behind the newest lot"
        )
        chosen.add_argument("--detach", type=int, metavar="N", help="take part N out")
        chosen.add_argument("--attach", type=int, metavar="N", help="put part N back")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for line in _run(options):
                self.stdout.write(line)
        except (TraceError, DatabaseError) as error:
            raise CommandError(f"nothing was changed: {error}") from error


def _run(options: dict[str, Any]) -> list[str]:
    if options["cut"]:
        return [f"lots from row {partitions.cut()} on go to the new last part"]
    if options["detach"] is not None:
        return [f"{name} is detached" for name in detaching.detach(options["detach"])]
    if options["attach"] is not None:
        return [f"{name} is attached" for name in detaching.attach(options["attach"])]
    return [
        f"{part.name}  {part.bounds}  {part.size_bytes:,} bytes{said}"
        for table in partitions.TABLES
        for list_parts, said in (
            (detaching.list_detached, ", DETACHED"),
            (partitions.list_partitions, ""),
        )
        for part in list_parts(table)
    ] or ["no partitions: every table is in one piece"]

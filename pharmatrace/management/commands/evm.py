"""Sets up a chain of Ethereum's kind for anchors: its key, its contract."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from typing_extensions import override

from apps.anchoring.clients.anchor_file import list_anchors
from apps.anchoring.clients.anchors import import_extra
from apps.anchoring.clients.evm.options import EvmOptions, read_options
from apps.core.errors import TraceError

_PURSE = "apps.anchoring.clients.evm.purse"


class Command(BaseCommand):
    """Without an option it only looks."""

    help = "Make the key of a chain in the file of ANCHOR_TSAS, its contract, or look."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="of the table, of kind evm")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--make-key", action="store_true", help="make the key that pays, mode 600"
        )
        what.add_argument(
            "--deploy", action="store_true", help="make the contract; costs gas"
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            table = _find(options["name"])
            if options["make_key"]:
                self._make_key(table)
            elif options["deploy"]:
                self._deploy(table)
            else:
                for line in import_extra(f"{_PURSE}.look")(table):
                    self.stdout.write(line)
        except (TraceError, OSError) as error:
            raise CommandError(str(error)) from error

    def _make_key(self, table: EvmOptions) -> None:
        address = import_extra(f"{_PURSE}.make_key")(table)
        self.stdout.write(f"The key is in {table.key}; keep a copy away from here.")
        self.stdout.write(f"It pays from {address}: send it what a year of gas costs.")

    def _deploy(self, table: EvmOptions) -> None:
        if table.contract:
            raise CommandError("The table names a contract: take its line away first.")
        made = import_extra(f"{_PURSE}.deploy")(table, at=timezone.now())
        self.stdout.write(f"Handed in as {made.transaction}. Once it is in a block,")
        self.stdout.write("the table wants this line, and this command tells more:")
        self.stdout.write(f'contract = "{made.address}"')


def _find(name: str) -> EvmOptions:
    for options in list_anchors():
        if (options.name, options.kind) == (name, "evm"):
            return read_options(options, needs_contract=False)
    raise CommandError(f"ANCHOR_TSAS names no table [{name}] of kind evm")

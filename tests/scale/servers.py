"""A PostgreSQL that can be copied, paused, lost and promoted; a PgBouncer before it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.embedded import (
    _await,
    _end,
    _home,
    _reachable,
    _unprivileged,
    find_postgresql,
)

NAME = "trace"


class Server:
    """One cluster on a socket of its own, durable, as the site demands it."""

    def __init__(self, tools: Path, home: Path) -> None:
        self.tools, self.home = tools, home
        self._process: subprocess.Popen[bytes] | None = None

    def tool(self, name: str, *words: Any) -> str:
        """What one of PostgreSQL's programs says."""
        ran = subprocess.run(
            [self.tools / name, *map(str, words)],
            check=True, capture_output=True, text=True, **self._child(),
        )  # fmt: skip
        return ran.stdout

    def start(self) -> None:
        """Be ready."""
        log_path = self.home / "log"
        with log_path.open("w") as log:
            self._process = subprocess.Popen(
                [
                    *(self.tools / "postgres", "-D", self.home / "data"),
                    *("-k", self.home, "-c", "listen_addresses="),
                    *("-c", "shared_buffers=32MB", "-c", "wal_keep_size=64MB"),
                    *("-c", "hot_standby_feedback=on"),
                ],
                stdout=log, stderr=log, start_new_session=True, **self._child(),
            )  # fmt: skip
        _await(
            self._process,
            lambda: "ready to accept" in log_path.read_text(),
            lambda: log_path.read_text()[-800:],
        )

    def end(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Be gone: at once, as a machine that is lost, unless told otherwise."""
        if self._process is not None:
            _end(self._process, how)
            self._process = None

    def ask(self, sql: Any, name: str = NAME) -> Any:
        """The first column of the first row, if there is one."""
        where = f"host={self.home} user=postgres dbname={name}"
        with psycopg.connect(where, autocommit=True) as server:
            cursor = server.execute(sql)
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None

    def _child(self) -> dict[str, Any]:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/"}
        return {"cwd": self.home, "env": environment, **_unprivileged()}


@contextmanager
def make_primary() -> Iterator[Server]:
    """A fresh cluster with an empty database."""
    binaries = find_postgresql()
    assert binaries is not None
    with _home("pt-one-") as home:
        server = Server(_reachable(binaries / "initdb", home).parent, home)
        server.tool(
            *("initdb", "-D", home / "data", "-U", "postgres", "-A", "trust"),
            *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
        )
        server.start()
        try:
            server.ask(f"CREATE DATABASE {NAME}", "postgres")
            yield server
        finally:
            server.end()


@contextmanager
def make_replica(primary: Server) -> Iterator[Server]:
    """A streaming replica."""
    with _home("pt-two-") as home:
        server = Server(primary.tools, home)
        server.tool(
            *("pg_basebackup", "-h", primary.home, "-U", "postgres", "-R", "-N"),
            *("-D", home / "data", "-c", "fast", "-X", "stream"),
        )
        server.start()
        try:
            yield server
        finally:
            server.end()


def find_pgbouncer() -> Path | None:
    """The system's PgBouncer."""
    named = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    return Path(named) if Path(named).exists() else None


@contextmanager
def pgbouncer(binary: Path, server: Server, mode: str) -> Iterator[str]:
    """A pool of at most two connections; yields the host of its socket."""
    with _home("pt-pool-") as home:
        settings = {
            "listen_port": 6543, "unix_socket_dir": home, "auth_type": "any",
            "pool_mode": mode, "default_pool_size": 2, "max_client_conn": 50,
            "ignore_startup_parameters": "extra_float_digits",
        }  # fmt: skip
        lines = [
            *("[databases]", f"{NAME} = host={server.home} user=postgres"),
            *(
                "[pgbouncer]",
                *(f"{name} = {value}" for name, value in settings.items()),
            ),
        ]
        (home / "ini").write_text("\n".join(lines) + "\n")
        (home / "ini").chmod(0o644)
        log_path = home / "log"
        with log_path.open("w") as log:
            process = subprocess.Popen(
                [binary, home / "ini"],
                stdout=log, stderr=log, start_new_session=True, cwd=home,
                **_unprivileged(),
            )  # fmt: skip
        try:
            _await(
                process,
                (home / ".s.PGSQL.6543").exists,
                lambda: log_path.read_text()[-800:],
            )
            yield str(home)
        finally:
            _end(process, signal.SIGINT)

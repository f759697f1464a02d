"""One primary and one replica for all tests of this folder, with a ledger in trade."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from pharmatrace.demo.signing import Keyring
from tests.cast import keyring, stage_of_today
from tests.emptying import empty_database
from tests.scale.opened import trade
from tests.scale.servers import NAME, Server, make_primary, make_replica
from tests.scale.web import Machine, environment, serve
from tests.site.serving import free_port, wait_for

__all__ = ["keyring"]


@dataclass
class Pair:
    """Two servers and what the ledger's people need to ask the site.

    Attributes:
        tokens: by GLN.
    """

    primary: Server
    replica: Server
    tokens: dict[str, str]
    keyring: Keyring

    def database_url(self, *servers: Server, name: str = NAME) -> str:
        """The address of servers, the first that takes writes being meant."""
        hosts = ",".join(str(server.home) for server in servers)
        wanted = "&target_session_attrs=read-write" if len(servers) > 1 else ""
        return f"postgres://postgres@/{name}?host={hosts}{wanted}"

    def machine(self, player: Any, url: str) -> Machine:
        """A machine of one of the cast."""
        return Machine(url, self.tokens[player.gln], self.keyring.key_of(player))

    def catch_up(self) -> None:
        """Wait until the replica has what the primary has."""
        written = self.primary.ask("SELECT pg_current_wal_flush_lsn()")
        asked = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
        wait_for(lambda: self.replica.ask(asked), within_seconds=60)


@pytest.fixture(scope="session")
def pair(
    django_db_setup: None, django_db_blocker: Any, keyring: Keyring
) -> Iterator[Pair]:
    """A ledger with one lot that came to the pharmacy, on two servers."""
    with make_primary() as primary:
        with django_db_blocker.unblock():
            tokens = trade(stage_of_today(keyring))
            dumped = _dump(primary)
            empty_database()
            connection.close()
        script = primary.home / "dump.sql"
        script.write_bytes(dumped)
        script.chmod(0o644)
        primary.tool(
            *("psql", "-q", "-h", primary.home, "-U", "postgres", "-d", NAME),
            *("-v", "ON_ERROR_STOP=1", "-f", script),
        )
        with make_replica(primary) as replica:
            yield Pair(primary, replica, tokens, keyring)


def _dump(server: Server) -> bytes:
    given = connection.settings_dict
    host = given["HOST"] or given["OPTIONS"].get("host", "")
    command = [server.tools / "pg_dump", "-d", given["NAME"], "-h", host]
    for option, name in (("-U", "USER"), ("-p", "PORT")):
        command += [option, str(given[name])] if given[name] else []
    secret = {"PGPASSWORD": str(given["PASSWORD"] or "")}
    ran = subprocess.run(
        [*command, "--no-owner"],
        check=True,
        capture_output=True,
        env={**os.environ, **secret},
    )
    return ran.stdout


@dataclass
class Webs:
    """Two web processes of one site: `patient` reads from a replica of any age."""

    patient: str
    strict: str


@pytest.fixture(scope="session")
def webs(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webs]:
    """Both are told where both servers are."""
    folder = Path(tmp_path_factory.mktemp("webs"))
    started, urls = [], []
    for most_seconds in ("3600", "1"):
        port = free_port()
        given = environment(
            folder,
            DATABASE_URL=pair.database_url(pair.primary, pair.replica),
            DATABASE_REPLICA_URL=pair.database_url(pair.replica),
            REPLICA_MAX_LAG_SECONDS=most_seconds,
            LEDGER_ORIGIN=settings.LEDGER_ORIGIN,
        )
        started.append(serve(port, given))
        urls.append(f"http://127.0.0.1:{port}")
    try:
        yield Webs(*urls)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(60)

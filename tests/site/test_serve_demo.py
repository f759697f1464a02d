"""`make run` as it is: demo, web, worker and beat at work, stopped and started again.

On what a bare machine has (SQLite, a queue of files), and on PostgreSQL and Redis.
"""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import embedded
from tests.site.maker import Maker
from tests.site.serving import (
    allowed_seconds,
    answer,
    free_port,
    list_processes,
    serve,
    wait_for,
)

__all__ = ["serve"]
pytestmark = pytest.mark.slow

# On a machine that has nothing else to do.
FIRST_START_SECONDS = 60  # migrates, and plays the demo's story
SECOND_START_SECONDS = 15
_REQUESTS = 200


@pytest.fixture(params=["sqlite and files", "postgresql and redis"])
def backing(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The environment that names the servers behind the site."""
    if request.param == "sqlite and files":
        yield {}
        return
    binaries, server = embedded.find_postgresql(), embedded.find_redis()
    if binaries is None or server is None:
        pytest.skip("NO POSTGRESQL OR REDIS: the site was not served from them")
    with ExitStack() as stack:
        database = stack.enter_context(embedded.postgresql(binaries, durable=True))
        broker, _client = stack.enter_context(embedded.redis(server))
        yield {"DATABASE_URL": database, "CELERY_BROKER_URL": broker}


def _size(url: str) -> int:
    """The tree size of the published checkpoint."""
    _status, text = answer(f"{url}/log/checkpoint", within_seconds=60)
    return int(text.splitlines()[1])


def _count_statements(var_dir: Path, backing: dict[str, str]) -> int:
    """What the database holds, asked past the site."""
    connect: Callable[[], Any] = (
        (lambda: psycopg.connect(backing["DATABASE_URL"]))
        if backing
        else (lambda: sqlite3.connect(var_dir / "site.sqlite3"))
    )
    with closing(connect()) as database:
        rows = database.execute("SELECT count(*) FROM ledger_statement").fetchall()
    return int(rows[0][0])


def _count_sessions(backing: dict[str, str]) -> int:
    """How many connections PostgreSQL has let in so far; the asker's own is one."""
    with closing(psycopg.connect(backing["DATABASE_URL"])) as database:
        asked = (
            "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
        )
        return int(database.execute(asked).fetchall()[0][0])


def _verify_connections_are_kept(url: str, backing: dict[str, str]) -> None:
    """No request opens a connection; what worker and beat do meanwhile may."""
    before = _count_sessions(backing)
    for _ in range(_REQUESTS):
        answer(f"{url}/health", within_seconds=10)
    assert _count_sessions(backing) - before < _REQUESTS / 4


def _stop(process: subprocess.Popen[bytes], var_dir: Path) -> None:
    """Ctrl-C; it ends well and nothing of it is left."""
    assert len(list_processes(var_dir)) >= 5  # supervisor, web and two, worker, beat
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert list_processes(var_dir) == []


def test_the_demo_is_served_works_by_itself_and_starts_again(
    serve: Callable[..., subprocess.Popen[bytes]],
    backing: dict[str, str],
    tmp_path: Path,
) -> None:
    var_dir, port = tmp_path / "var", free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**backing, "DEMO": "1"}
    process = serve(port, **environment)
    answer(f"{url}/health", within_seconds=allowed_seconds(FIRST_START_SECONDS))
    before = _size(url)
    maker = Maker(url, var_dir)

    maker.upload(tmp_path)
    statement_id = maker.commission()

    # Nobody but beat asks for it.
    wait_for(lambda: maker.is_proven(statement_id), within_seconds=allowed_seconds(20))
    size = _size(url)
    assert size > before
    count = _count_statements(var_dir, backing)
    _stop(process, var_dir)

    begun = time.monotonic()
    process = serve(port, **environment)
    answer(f"{url}/health", within_seconds=120)
    seconds, allowed = time.monotonic() - begun, allowed_seconds(SECOND_START_SECONDS)
    print(f"second start: up in {seconds:.1f} s of {allowed:.0f} s")
    assert seconds < allowed
    assert _count_statements(var_dir, backing) == count
    assert _size(url) == size
    assert maker.is_proven(statement_id)
    if backing:
        _verify_connections_are_kept(url, backing)
    maker.http.close()
    _stop(process, var_dir)

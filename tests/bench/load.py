"""Load on a server of this machine: wrk where it is installed, else eight threads."""

import http.client
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

CONNECTIONS = 8
_SCRIPT = """
local paths = {PATHS}
local at = 0
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at], {["Authorization"] = "Bearer TOKEN"})
end
done = function(summary, latency)
  local e = summary.errors
  print(string.format('{"count": %d, "microseconds": %d, "failed": %d,' ..
    ' "p50": %d, "p95": %d, "p99": %d, "slow": %s}',
    summary.requests, summary.duration,
    e.status + e.connect + e.read + e.write + e.timeout, latency:percentile(50),
    latency:percentile(95), latency:percentile(99),
    string.format("%.6f", latency:percentile(99.9))))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did under load: answers a second, and times in ms."""

    rate: float
    p50: float
    p95: float
    p99: float
    p999: float
    failed: int


def put_load(url: str, paths: Sequence[str], *, token: str, seconds: float) -> Load:
    """Ask for the paths in turn over eight connections that stay open."""
    if shutil.which("wrk"):
        return _by_wrk(url, paths, token, seconds)
    return _by_threads(url, paths, token, seconds)


def _by_wrk(url: str, paths: Sequence[str], token: str, seconds: float) -> Load:
    listed = "{" + ", ".join(json.dumps(path) for path in paths) + "}"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        script.write_text(_SCRIPT.replace("{PATHS}", listed).replace("TOKEN", token))
        done = subprocess.run(
            [
                *("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"),
                *("-s", str(script), url),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Load(
        rate=told["count"] / told["microseconds"] * 1e6,
        p50=told["p50"] / 1e3,
        p95=told["p95"] / 1e3,
        p99=told["p99"] / 1e3,
        p999=told["slow"] / 1e3,
        failed=told["failed"],
    )


def _by_threads(url: str, paths: Sequence[str], token: str, seconds: float) -> Load:
    times: list[float] = []
    failed: list[int] = []
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(
            target=_ask, args=(url, paths[at:] or paths, token, until, times, failed)
        )
        for at in range(CONNECTIONS)
    ]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    from tests.bench.world import percentile  # needs Django set up

    shares = (percentile(times, share) * 1e3 for share in (0.5, 0.95, 0.99, 0.999))
    return Load(len(times) / (time.monotonic() - start), *shares, failed=len(failed))


def _ask(
    url: str,
    paths: Sequence[str],
    token: str,
    until: float,
    times: list[float],
    failed: list[int],
) -> None:
    link = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    for path in cycle(paths):
        begun = time.monotonic()
        if begun > until:
            break
        link.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = link.getresponse()
        answer.read()
        times.append(time.monotonic() - begun)
        if answer.status != 200:
            failed.append(answer.status)
    link.close()


def cpu_seconds(pid: int) -> float:
    """What a process and its children have taken of the processors so far."""
    ticks = 0
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        stat = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(stat[11]) + int(stat[12])
        listed = Path(f"/proc/{each}/task/{each}/children").read_text()
        waiting += map(int, listed.split())
    return ticks / os.sysconf("SC_CLK_TCK")

"""Which WSGI server: the same site behind gunicorn and behind granian.

    python -m tests.bench.servers [--rounds 3] [--seconds 4] [--size 1000000]
        [--servers gunicorn gunicorn-gthread granian] [--smoke]

granian is none of our requirements: `pip install granian` to compare it.

Two workers of one thread, eight connections. Each round asks both servers, one after
the other, for a bare WSGI answer, an empty view behind all middleware, and the verdict
on a pack with log-in and audit row; then for verdicts while a file of `--size` serials
is checked.
"""

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests import embedded
from tests.bench.fresh import fresh_site
from tests.bench.load import Load, cpu_seconds, put_load
from tests.bench.report import Figure

if TYPE_CHECKING:
    from tests.bench.world import World

ROOT = Path(__file__).resolve().parents[2]
_APPLICATION = "tests.bench.served:application"
_VIEWS = ("bare", "null", "verify")
_SLOW_MS = 300  # Delegated Regulation (EU) 2016/161, article 35: 95 % below it


def command_of(server: str, port: int) -> list[str]:
    """Two workers of one thread, as `serve` would start them."""
    if server == "granian":
        return [
            *(sys.executable, "-m", "granian", "--interface", "wsgi"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "2"),
            *("--blocking-threads", "1", "--http", "1", "--no-ws"),
            *("--log-level", "warning", _APPLICATION),
        ]
    kind = server.partition("-")[2] or "sync"
    keeps = ["--keep-alive", "5"] if kind == "gthread" else []
    return [
        *(sys.executable, "-m", "gunicorn", _APPLICATION),
        *("--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "1"),
        *("--worker-class", kind, *keeps, "--log-level", "warning"),
        "--no-control-socket",
    ]


@dataclass(slots=True)
class Site:
    """A served site, what to ask it, and what came of it so far."""

    url: str
    pid: int
    paths: dict[str, list[str]]
    token: str
    seen: dict[str, list[Load]] = field(default_factory=dict)
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)

    def load(self, view: str, *, seconds: float, as_: str = "") -> None:
        """Ask for one view and note what came."""
        before = cpu_seconds(self.pid)
        found = put_load(self.url, self.paths[view], token=self.token, seconds=seconds)
        worked = cpu_seconds(self.pid) - before
        self.seen.setdefault(as_ or view, []).append(found)
        # What other processes of the machine do, does not count here.
        each = worked * 1_000 / max(1, round(found.rate * seconds))
        self.cpu_ms.setdefault(as_ or view, []).append(each)

    def median(self, view: str, name: str) -> float:
        """Of all rounds."""
        return median(getattr(each, name) for each in self.seen[view])


@contextmanager
def serving(server: str, var: Path, redis_url: str) -> Iterator[tuple[str, int]]:
    """Address and process of the site behind a server, once it answers.

    Args:
        redis_url: where the rate limits are counted; "": in files.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "pharmatrace.settings",
        "VAR_DIR": str(var),
        "DEMO": "0",
        "LOG_LEVEL": "WARNING",
        "LOG_DIR": str(var / "log"),
        "REDIS_URL": redis_url,
        "PYTHONWARNINGS": "ignore::UserWarning",  # no static files were collected
    }
    running = subprocess.Popen(command_of(server, port), cwd=ROOT, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        _await(f"{url}/bench/null")
        yield url, running.pid
    finally:
        running.terminate()
        running.wait(timeout=30)


def _await(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        if time.monotonic() > deadline:
            raise TimeoutError(url)
        time.sleep(0.1)


@contextmanager
def served(
    world: "World", names: Sequence[str], servers: Sequence[str], var: Path
) -> Iterator[dict[str, Site]]:
    """The site behind each of the servers, and the packs that are asked for."""
    token = world.stella.headers["Authorization"].removeprefix("Bearer ")
    from pharmatrace.demo.cast import AMOXIL

    stem = f"/api/v1/verify?code=https://id.gs1.org/01/{AMOXIL.gtin}/21"
    paths = {
        "bare": ["/bench/bare"],
        "null": ["/bench/null"],
        "verify": [f"{stem}/{name}" for name in names],
    }
    with contextlib.ExitStack() as stack:
        redis = embedded.find_redis()
        url = stack.enter_context(embedded.redis(redis))[1] if redis else ""
        yield {
            server: Site(*stack.enter_context(serving(server, var, url)), paths, token)
            for server in servers
        }


def measure(
    sites: dict[str, Site], world: "World", *, rounds: int, seconds: float, size: int
) -> None:
    """Every view behind every server, round by round; then during an upload."""
    for site in sites.values():
        site.load("verify", seconds=1, as_="warm")
    for _ in range(rounds):
        for view in _VIEWS:
            for site in sites.values():
                site.load(view, seconds=seconds)
    for number, site in enumerate(sites.values()):
        with _upload(world, number, size) as running:
            while True:
                site.load("verify", seconds=min(seconds, 2), as_="upload")
                if running.poll() is not None:
                    break


@contextmanager
def _upload(
    world: "World", number: int, size: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """A file of serials is checked by a process of its own."""
    from pharmatrace.demo.cast import AMOXIL
    from tests.bench.figures import serials
    from tests.bench.world import EXPIRY

    content = "serial\n" + "\n".join(serials(size)) + "\n"
    answer = world.novamed.upload(
        content.encode(),
        gtin=AMOXIL.gtin,
        lot=f"SERVED{number}",
        expiry_date=EXPIRY.isoformat(),
        site="9521568000024",
    )
    assert answer.status == 202, answer.body
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.uploading", "--check", answer.json["id"]],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        running.wait(timeout=300)


def as_table(sites: dict[str, Site]) -> Iterator[str]:
    """What was seen, and the ratios that are goals."""
    yield "| server | view | 1/s | p50 ms | p95 ms | p99 ms | CPU ms each | failed |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for server, site in sites.items():
        for view in (*_VIEWS, "upload"):
            figures = " | ".join(
                f"{site.median(view, name):,.2f}" for name in ("p50", "p95", "p99")
            )
            failed = sum(each.failed for each in site.seen[view])
            rate = site.median(view, "rate")
            cpu = median(site.cpu_ms[view])
            yield f"| {server} | {view} | {rate:,.0f} | {figures} | {cpu:.2f} | {failed} |"
    yield ""
    for server, site in sites.items():
        share = site.median("verify", "rate") / site.median("null", "rate")
        yield f"{server}: G7 verdicts, of the null view: {share:.3f} (to be at least 0.2)"
        slower = site.median("upload", "p95") / site.median("verify", "p95")
        worst = max(each.p999 for each in site.seen["upload"])
        yield (
            f"{server}: G8 p95 during an upload, of that without: {slower:.2f} (to be at"
            f" most 3); 99.9 % below {worst:.0f} ms (to be below {_SLOW_MS})"
        )


def over_http(
    world: "World",
    names: Sequence[str],
    *,
    var: Path,
    rounds: int,
    seconds: float,
    size: int,
    server: str = "gunicorn",
) -> list[Figure]:
    """Verdicts behind the server that `serve` starts, as figures with their floors.

    Args:
        names: serials of packs that Stella has.
        var: the site's folder; the database is Django's.
        size: serials in the file that is checked meanwhile.
    """
    with served(world, names, [server], var) as sites:
        measure(sites, world, rounds=rounds, seconds=seconds, size=size)
    seen = sites[server].seen
    worst = max(each.p999 for each in seen["upload"])
    return [
        Figure(
            "verdicts over HTTP",
            "1/s",
            tuple(each.rate for each in seen["verify"]),
            "an empty view behind all middleware",
            tuple(each.rate for each in seen["null"]),
            "G7: at least 0.2; eight connections, log-in, audit row",
        ),
        Figure(
            "verdicts over HTTP during an upload, p95",
            "ms",
            tuple(each.p95 for each in seen["upload"]),
            "p95 of the same without",
            tuple(each.p95 for each in seen["verify"]),
            f"G8: at most 3; {size:,} serials; 99.9 % below {worst:.0f} ms",
        ),
    ]


def main() -> int:
    """Build a site, serve it by each server, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--size", type=int, default=1_000_000, help="serials uploaded")
    parser.add_argument("--servers", nargs="+", default=["gunicorn"])
    parser.add_argument("--smoke", action="store_true", help="tiny, for correctness")
    chosen = parser.parse_args()
    rounds, size = (1, 2_000) if chosen.smoke else (chosen.rounds, chosen.size)
    seconds = 1 if chosen.smoke else chosen.seconds

    with fresh_site() as var:
        if var is None:
            return 1
        from tests.bench.figures import serials
        from tests.bench.world import build, deliver

        world = build(var)
        names = deliver(world, "SV", serials(500), 500)
        with served(world, names, chosen.servers, var) as sites:
            measure(sites, world, rounds=rounds, seconds=seconds, size=size)
        print("\n".join(as_table(sites)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

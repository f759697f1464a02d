"""How long until an accepted statement is proven: a served demo, one client.

    python -m tests.bench.provable [--count 100]

Starts `manage.py serve` with the demo (SQLite, its two witnesses) in a temporary
folder, sends statements one after the other with `?wait=10`, a random pause between
them, and prints from the request to the answer that has the proof.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.site.maker import Maker
from tests.site.serving import answer, free_port, start


def main() -> None:
    """Print median, p99 and maximum."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory(prefix="pt-provable-") as folder:
        port = free_port()
        url = f"http://localhost:{port}"
        environment = {"SITE_URL": url, "DEMO": "1"}
        process = start(Path(folder), port, environment)
        try:
            answer(f"{url}/log/checkpoint", within_seconds=120)
            taken = sorted(_measure(Maker(url, Path(folder)), Path(folder), count))
        finally:
            process.terminate()
            process.wait(30)
    p99 = taken[min(len(taken) - 1, round(0.99 * len(taken)))]
    print(
        f"provable after: median {median(taken):.2f} s, p99 {p99:.2f} s,"
        f" most {taken[-1]:.2f} s, {count} statements"
    )


def _measure(maker: Maker, folder: Path, count: int) -> list[float]:
    maker.upload(folder)
    maker.commission()
    taken = []
    for number in range(count):
        time.sleep(random.random())  # any moment between two ticks
        began = time.monotonic()
        sent = maker.hold(number, wait=10)
        assert sent.status_code == 201, sent.text
        assert sent.json()["proof"], "not proven within 10 s"
        taken.append(time.monotonic() - began)
    return taken


if __name__ == "__main__":
    main()

"""Build a network, or go on with it where the last run ended.

python -m tests.bench.network --size 1m|10m [--folder var/bench/1m] [--seed 1]
"""

import argparse
import sys
import time
from pathlib import Path

from tests.bench.network.site import network_site


def main() -> int:
    """Build; 1 where there is no PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("2k", "20k", "1m", "10m"), default="1m")
    parser.add_argument("--folder", type=Path, help="kept; var/bench/SIZE by default")
    parser.add_argument("--seed", default="1")
    chosen = parser.parse_args()
    folder = chosen.folder or Path("var/bench") / chosen.size
    began = time.perf_counter()
    with network_site(folder) as is_there:
        if not is_there:
            return 1
        from tests.bench.network.build import build, done
        from tests.bench.network.shape import SHAPES

        shape = SHAPES[chosen.size]
        build(folder, shape=shape, seed=chosen.seed, tell=_tell)
        steps = done().values()
        events = sum(count for _, count, _ in steps)
        spent = sum(seconds for _, _, seconds in steps)
    taken = time.perf_counter() - began
    _tell(
        f"{shape.packs:,} packs, {events:,} events, {events / shape.packs:.3f} a pack;"
        f" built in {spent:,.0f} s, of them {taken:,.0f} s in this run"
    )
    return 0


def _tell(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: figures beside the floor of the same machine in the same minutes.

    python -m tests.bench [--smoke] [--json FILE]

A fresh PostgreSQL of its own (durable settings), the demo's cast with real keys, and
in every round first the floor, then the figure; the medians are printed. Absolute
numbers belong to the machine, ratios travel.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.bench.fresh import fresh_site


def main() -> int:
    """Run every measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, one round")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    chosen = parser.parse_args()

    with fresh_site() as var:
        if var is None:
            return 1
        from tests.bench.figures import measure_all
        from tests.bench.report import as_table

        figures = measure_all(is_smoke=chosen.smoke, var=var)
    print(as_table(figures))
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        rows = [figure.as_json() for figure in figures]
        chosen.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

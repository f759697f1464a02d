"""`make bench`: figures beside the floor of the same machine in the same minutes.

    python -m tests.bench [--smoke] [--json FILE]

A fresh PostgreSQL of its own (durable settings), the demo's cast with real keys, and
in every round first the floor, then the figure; the medians are printed. Absolute
numbers belong to the machine, ratios travel.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Run every measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, one round")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    chosen = parser.parse_args()

    from tests import embedded

    binaries = embedded.find_postgresql()
    if binaries is None:
        print("no PostgreSQL on this machine and no wheel: nothing to measure")
        return 1
    with (
        tempfile.TemporaryDirectory(prefix="pt-bench-") as var,
        embedded.postgresql(binaries, durable=True) as url,
    ):
        os.environ["DATABASE_URL"] = url
        os.environ["PHARMATRACE_TEST_VAR"] = var
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        django.setup()
        from tests.bench.figures import measure_all
        from tests.bench.report import as_table

        figures = measure_all(is_smoke=chosen.smoke, var=Path(var))
    print(as_table(figures))
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        rows = [figure.as_json() for figure in figures]
        chosen.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

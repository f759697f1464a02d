"""An upload by phases: file, check, staging, signature, each beside its floor.

    python -m tests.bench.uploading [--size 1000000] [--rounds 5] [--sqlite] [--smoke]
        [--kind all|csv|xlsx|epcis|gzip|zip|last_wrong|all_wrong|... [--kind ...]]

Every round loads the same rows raw, sends the file, checks it, signs and commissions
it, and sends it twice more with a serial that stands in it twice and with one that the
ledger has. The table grows from round to round, as a maker's does.

With --kind the check of other files is measured instead, one round unless said
otherwise, each in a process of its own beside that of a good CSV: of other formats,
packed, and of what makers send by mistake. A line is printed as its kind ends.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path


def main() -> int:
    """Print the phases and the goals; 1 where there is no database to measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, help="5, or 1 of kinds")
    parser.add_argument("--sqlite", action="store_true", help="SQLite, as make run has")
    parser.add_argument("--smoke", action="store_true", help="3,000 rows, one round")
    parser.add_argument("--kind", action="append", help="other files; all: every one")
    parser.add_argument("--check", help=argparse.SUPPRESS)  # the measured child
    chosen = parser.parse_args()
    if chosen.check:
        return _check_alone(chosen.check)
    if chosen.smoke:
        chosen.size, chosen.rounds = 3_000, 1
    chosen.rounds = chosen.rounds or (1 if chosen.kind else 5)
    with (
        tempfile.TemporaryDirectory(prefix="pt-bench-") as var,
        database(is_sqlite=chosen.sqlite) as found,
    ):
        if not found:
            print("no PostgreSQL on this machine and no wheel: nothing to measure")
            return 1
        os.environ["PHARMATRACE_TEST_VAR"] = var
        begin()
        if chosen.kind:
            from tests.bench.kinds import report

            for line in report(Path(var), chosen.kind, chosen.size, chosen.rounds):
                print(line, flush=True)
            return 0
        from tests.bench.rounds import measure

        print("\n".join(measure(Path(var), size=chosen.size, rounds=chosen.rounds)))
    return 0


@contextmanager
def database(*, is_sqlite: bool) -> Iterator[bool]:
    """A fresh database that DATABASE_URL names; False where there is none."""
    from tests import embedded

    os.environ.pop("DATABASE_URL", None)
    binaries = None if is_sqlite else embedded.find_postgresql()
    server = embedded.postgresql(binaries, durable=True) if binaries else nullcontext()
    with server as url:
        if url:
            os.environ["DATABASE_URL"] = url
        yield is_sqlite or url is not None


def begin() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()


def _check_alone(upload_id: str) -> int:
    """Check one upload in a process that does nothing else; say what it took."""
    begin()
    from tests.bench.rounds import PLACES, check, most_kib
    from tests.bench.spans import spans
    from tests.bench.world import seconds

    before, worked = most_kib(), time.process_time()
    with spans(PLACES) as phases:
        taken = seconds(lambda: check(upload_id))
    worked = time.process_time() - worked
    print(json.dumps([before, most_kib(), taken, worked, phases]))
    return 0


if __name__ == "__main__":
    sys.exit(main())

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
import sys
import time

from tests.bench.fresh import fresh_site, set_up


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
    with fresh_site(is_sqlite=chosen.sqlite) as var:
        if var is None:
            return 1
        if chosen.kind:
            from tests.bench.kinds import report

            for line in report(var, chosen.kind, chosen.size, chosen.rounds):
                print(line, flush=True)
            return 0
        from tests.bench.rounds import measure

        print("\n".join(measure(var, size=chosen.size, rounds=chosen.rounds)))
    return 0


def _check_alone(upload_id: str) -> int:
    """Check one upload in a process that does nothing else; say what it took."""
    set_up()
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

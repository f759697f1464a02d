"""fsck: everything that can be derived is derived again from stored bytes.

Statements from their vaults, partners, products and recalls from statements, serial
roots from seeds and serials, leaves from statements, chains and roots from leaves,
heads and files from roots, holdings from the law. Nothing is mended. Memory stays flat
but for the map (64 bytes a tag, and 80 a node of its upper levels), the heads of the
first 100,000 chains (45 MB), the rows of partners, products and recalls, and the replay
of the law, which keeps every serial at hand.

The site goes on meanwhile: files are looked at first, then one moment of the database,
so what comes later is no difference.

Where the ledger is long and a second core is there, signatures and the map are worked
out in processes beside this one; what they find is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from apps.custody import operations as custody
from apps.edge.moment import one_moment
from pharmatrace.fsck.finding import Finding
from pharmatrace.fsck.heads import check_heads
from pharmatrace.fsck.log import check_log
from pharmatrace.fsck.outside import look_outside
from pharmatrace.fsck.pools import check_pools
from pharmatrace.fsck.progress import Bar, Tick, silent
from pharmatrace.fsck.replica import await_replay, is_cancelled_by_replay
from pharmatrace.fsck.statements import check_statements

__all__ = [
    "Bar",
    "Finding",
    "Report",
    "check_everything",
    "is_cancelled_by_replay",
    "run",
]

_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Report:
    """What was found; `findings` holds the first thousand of `total`."""

    findings: tuple[Finding, ...]
    total: int

    @property
    def is_clean(self) -> bool:
        """Whether stored bytes and derived ones agree everywhere."""
        return self.total == 0

    def as_json(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "clean": self.is_clean,
            "total": self.total,
            "findings": [asdict(finding) for finding in self.findings],
        }


def check_everything(*, at: datetime, tick: Tick = silent) -> Iterator[Finding]:
    """All findings, as they are met; the aware moment `at` tells what is late."""
    outside = look_outside()
    await_replay(outside.locked_size)
    with one_moment():
        yield from check_statements(at=at, tick=tick)
        yield from check_log(outside, tick=tick)
        yield from check_heads(outside)
        yield from custody_findings()
        yield from check_pools()


def custody_findings() -> Iterator[Finding]:
    """The law replayed over the log, against the holdings that are stored."""
    for where in custody.replay_check():
        yield Finding("holdings_differ", where)


def run(*, at: datetime) -> Report:
    """Check everything and keep the first findings."""
    kept: list[Finding] = []
    total = 0
    for finding in check_everything(at=at):
        total += 1
        if total <= _MOST_KEPT:
            kept.append(finding)
    return Report(tuple(kept), total)

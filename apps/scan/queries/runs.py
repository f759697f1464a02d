"""The scans somebody made lately: the strip of verdicts and the counter of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Final

from django.db.models import QuerySet

from apps.partners.queries import Actor
from apps.scan.models import Scan

STRIP: Final = 10
# A longer pause starts a new run of packs.
PAUSE: Final = timedelta(minutes=15)
_MOST_COUNTED: Final = 1_000
_MOST_REPEATS: Final = 100


@dataclass(frozen=True, slots=True)
class Run:
    """The last ten verdicts, newest first, and how many packs the run has so far.

    A page that was loaded again gave the same answer once more: it is no new verdict,
    and a pack that was looked at twice is one pack.
    """

    strip: tuple[Scan, ...]
    count: int


def current_run(*, actor: Actor, at: datetime) -> Run:
    """The actor's own scans up to `at`; nobody else's are shown."""
    rows = Scan.objects.filter(partner=actor.partner, user=actor.user, at__lte=at)
    ordered = rows.order_by("-at", "-pk")
    return Run(strip=_strip(ordered), count=_count_packs(ordered, at))


def _strip(ordered: QuerySet[Scan]) -> tuple[Scan, ...]:
    recent = ordered[:_MOST_REPEATS]
    answers = groupby(recent, key=lambda scan: (scan.raw, scan.verdict, scan.code))
    return tuple(islice((next(same) for _, same in answers), STRIP))


def _count_packs(ordered: QuerySet[Scan], at: datetime) -> int:
    rows = ordered.values_list("at", "gtin", "serial")[:_MOST_COUNTED]
    packs: set[tuple[str, str]] = set()
    for scanned_at, gtin, serial in rows:
        if at - scanned_at > PAUSE:
            break
        at = scanned_at
        if serial:
            packs.add((gtin, serial))
    return len(packs)

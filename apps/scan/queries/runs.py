"""The scans somebody made lately: the strip of verdicts and the counter of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from apps.partners.queries import Actor
from apps.scan.models import Scan

STRIP: Final = 10
# A longer pause starts a new run of packs.
PAUSE: Final = timedelta(minutes=15)
_MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Run:
    """The last ten verdicts, newest first, and how many packs the run has so far."""

    strip: tuple[Scan, ...]
    count: int


def current_run(*, actor: Actor, at: datetime) -> Run:
    """The actor's own scans up to `at`; nobody else's are shown."""
    rows = Scan.objects.filter(partner=actor.partner, user=actor.user, at__lte=at)
    ordered = rows.order_by("-at", "-pk")
    times = [at, *ordered.values_list("at", flat=True)[:_MOST_COUNTED]]
    count = 0
    for later, earlier in pairwise(times):
        if later - earlier > PAUSE:
            break
        count += 1
    return Run(strip=tuple(ordered[:STRIP]), count=count)

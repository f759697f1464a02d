"""The scans somebody made lately: the strip of verdicts and the counter of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Final

from django.db import connection

from apps.edge.rows import read_moment
from apps.partners.queries import Actor

STRIP: Final = 10
# A longer pause starts a new run of packs.
PAUSE: Final = timedelta(minutes=15)
_MOST_REPEATS: Final = 100
_MOST_COUNTED: Final = 1_000
_ASK: Final = """
SELECT at, raw, gtin, serial, verdict, code FROM scan_scan
WHERE partner_id = %s AND user_id = %s AND at <= %s
ORDER BY at DESC, id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Scanned:
    """One verdict that somebody was given."""

    at: datetime
    raw: str
    gtin: str
    serial: str
    verdict: str
    code: str


@dataclass(frozen=True, slots=True)
class Run:
    """The last ten verdicts, newest first, and how many packs the run has so far.

    A page that was loaded again gave the same answer once more: it is no new verdict,
    and a pack that was looked at twice is one pack.
    """

    strip: tuple[Scanned, ...]
    count: int


def current_run(*, actor: Actor, at: datetime) -> Run:
    """The actor's own scans up to `at`; nobody else's are shown.

    One question, and a second one for a run of more than a hundred scans.
    """
    recent = _latest(actor, at, most=_MOST_REPEATS)
    run = _run_of(recent, at)
    if len(run) == _MOST_REPEATS:
        run = _run_of(_latest(actor, at, most=_MOST_COUNTED), at)
    packs = {(scan.gtin, scan.serial) for scan in run if scan.serial}
    return Run(strip=_strip(recent), count=len(packs))


def _latest(actor: Actor, at: datetime, *, most: int) -> list[Scanned]:
    if actor.partner is None or actor.user is None:
        return []
    moment = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(_ASK, [actor.partner.pk, actor.user.pk, moment, most])
        rows = cursor.fetchall()
    return [Scanned(read_moment(when), *texts) for when, *texts in rows]


def _strip(recent: list[Scanned]) -> tuple[Scanned, ...]:
    answers = groupby(recent, key=lambda scan: (scan.raw, scan.verdict, scan.code))
    return tuple(islice((next(same) for _, same in answers), STRIP))


def _run_of(recent: list[Scanned], at: datetime) -> list[Scanned]:
    """The scans up to the first pause, looking back from `at`."""
    run: list[Scanned] = []
    for scan in recent:
        if at - scan.at > PAUSE:
            break
        at = scan.at
        run.append(scan)
    return run

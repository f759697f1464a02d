"""The only writer of scans: what was scanned, by whom, and what was answered."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import connection, transaction

from apps.alerts import operations as alerts
from apps.core import answer as core_answer
from apps.core.answer import Answer, digest_of
from apps.core.envelope import Envelope
from apps.edge.secrets import receipt_key
from apps.ledger.formats import as_ms
from apps.partners import operations as partners
from apps.partners.queries import Actor
from apps.scan.queries.verdicts import Verdict

_RAW_CHARACTERS = 400
_INSERT = """
INSERT INTO scan_scan
  (partner_id, user_id, at, raw, gtin, lot, serial, verdict, code)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def record_scan(*, code: str, verdict: Verdict, actor: Actor, at: datetime) -> None:
    """Write down a verdict that is about to be given; nothing for a stranger.

    A verdict that a European repository would raise an alert for becomes one here
    too, one for each pack, partner and day, or neither is written. A regulator's scan
    is a logged read and accuses nobody.
    """
    if actor.partner is None:
        return
    if actor.is_regulator:
        with transaction.atomic():
            _insert(code, verdict, actor, at)
            partners.record_read(
                actor=actor,
                action="scan",
                subject=code,
                at=at,
                outcome=verdict.rule.code,
            )
    elif _is_suspicious(verdict, gln=actor.gln):
        with transaction.atomic():
            _insert(code, verdict, actor, at)
            _raise_alert(verdict, gln=actor.gln, at=at)
    else:
        # One statement is a transaction of its own: no round trip to open or end one.
        _insert(code, verdict, actor, at)


def _insert(code: str, verdict: Verdict, actor: Actor, at: datetime) -> None:
    read, rule = verdict.read, verdict.rule
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                actor.partner.pk if actor.partner else None,
                actor.user.pk if actor.user else None,
                connection.ops.adapt_datetimefield_value(at),
                code[:_RAW_CHARACTERS],
                read.gtin,
                read.lot,
                read.serial,
                rule.verdict,
                rule.code,
            ],
        )


def sign_answer(
    *, code: str, verdict: Verdict, actor: Actor, at: datetime
) -> Envelope | None:
    """The answer that is given, under the site's receipt key; None for a stranger.

    It says no more than the answer itself.
    """
    if not actor.gln:
        return None
    read = verdict.read
    answer = Answer(
        ledger=settings.LEDGER_ORIGIN,
        asked_by=actor.gln,
        at_ms=as_ms(at),
        scanned=digest_of(code),
        verdict=verdict.rule.verdict,
        code=verdict.rule.code,
        gtin=read.gtin,
        lot=verdict.lot,
        expiry=verdict.expiry_date.isoformat() if verdict.expiry_date else "",
        serial=read.serial,
        recalls=tuple(bytes.fromhex(each) for each in verdict.recall_ids),
    )
    return core_answer.sign_answer(answer, key=receipt_key())


def _is_suspicious(verdict: Verdict, *, gln: str) -> bool:
    """Whether the pack, not the person or the scanner, is the likely cause.

    Scanning one's own supply again is everyday; an unknown serial counts only from a
    whole code, since a typed number may be mistyped.
    """
    if not verdict.rule.alert:
        return False
    if verdict.rule.code == "unknown":
        return bool(verdict.read.lot and verdict.read.expiry_date)
    unit = verdict.unit
    return unit is None or unit.holder != gln or verdict.rule.alert not in {"A7", "A24"}


def report_code(*, verdict: Verdict, reason: str, actor: Actor, at: datetime) -> None:
    """Note what a person has against a pack, beside what the record has against it.

    The same reason from the same party on the same day counts up.
    """
    read = verdict.read
    about = f"report|{actor.gln}|{read.gtin}|{read.serial}|{at.date()}|{reason}"
    alerts.raise_alert(
        kind="scan_reported",
        rule=verdict.rule.alert,
        partner_gln=actor.gln,
        summary=f"{reason} ({verdict.reason})",
        cause=sha256(about.encode()).hexdigest(),
        at=at,
        gtin=read.gtin,
        lot=read.lot,
        subject=read.serial,
    )


def _raise_alert(verdict: Verdict, *, gln: str, at: datetime) -> None:
    code, read = verdict.rule.code, verdict.read
    about = f"{code}|{gln}|{read.gtin}|{read.serial}|{at.date()}"
    alerts.raise_alert(
        kind=f"scan_{code}",
        rule=verdict.rule.alert,
        partner_gln=gln,
        summary=verdict.reason,
        cause=sha256(about.encode()).hexdigest(),
        at=at,
        gtin=read.gtin,
        lot=read.lot,
        subject=read.serial,
    )

"""The only writer of alerts."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.alerts.models import Alert
from apps.alerts.queries import visible_to
from apps.partners.queries import Actor, find_partner


def raise_alert(
    *,
    kind: str,
    rule: str,
    partner_gln: str,
    summary: str,
    cause: str,
    at: datetime,
    gtin: str = "",
    lot: str = "",
    subject: str = "",
) -> Alert:
    """Note what looks wrong; the same cause again counts up, it is no second alert.

    Args:
        kind: code of the refusal or oddity.
        rule: row of the law of custody that refused, "" if none.
        partner_gln: who acted; an unknown GLN stays unnamed.
        cause: at most 64 characters that are equal for equal causes.
        subject: what it is about: a statement id, a serial, an SSCC.
    """
    again = Alert.objects.filter(cause=cause)
    # What happens again after it was closed is open again.
    if not again.update(times=F("times") + 1, last_at=at, closed_at=None):
        try:
            with transaction.atomic():
                return Alert.objects.create(
                    kind=kind,
                    rule=rule,
                    partner=find_partner(partner_gln),
                    gtin=gtin,
                    lot=lot,
                    subject=subject,
                    summary=summary,
                    cause=cause,
                    first_at=at,
                    last_at=at,
                )
        except IntegrityError:  # somebody noted it in between
            again.update(times=F("times") + 1, last_at=at, closed_at=None)
    return again.get()


def close_alert(*, actor: Actor, alert_id: int, at: datetime) -> bool:
    """Note that somebody looked into an alert; False if there is none to close.

    Foreign, missing and closed ones answer alike.
    """
    open_ones = visible_to(actor).filter(pk=alert_id, closed_at=None)
    return bool(open_ones.update(closed_at=at))

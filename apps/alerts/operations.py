"""The only writer of alerts."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.alerts.models import Alert
from apps.partners.queries import find_partner


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
    if not again.update(times=F("times") + 1, last_at=at):
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
            again.update(times=F("times") + 1, last_at=at)
    return again.get()

"""What looks wrong, as far as the reader may see it."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.alerts.models import Alert
from apps.partners.queries import Actor


def visible_to(actor: Actor) -> QuerySet[Alert]:
    """Alerts about the actor's own acts; all of them for the regulator."""
    rows = Alert.objects.select_related("partner")
    if not actor.is_member:
        return rows.none()
    return rows if actor.is_regulator else rows.filter(partner=actor.partner)


def list_alerts(*, actor: Actor, is_closed: bool) -> QuerySet[Alert]:
    """Open or closed alerts, the latest first."""
    rows = visible_to(actor).filter(closed_at__isnull=not is_closed)
    return rows.order_by("-last_at", "-pk")


def count_open(actor: Actor) -> int:
    """How many alerts wait for the actor."""
    return list_alerts(actor=actor, is_closed=False).count()

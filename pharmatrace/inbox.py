"""How much waits for somebody: the number that stands in the head of every page."""

from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Exists, IntegerField, QuerySet, Subquery

from apps.partners import queries as partners
from apps.partners.models import TradingPartner
from apps.partners.queries import Actor
from pharmatrace.waiting import (
    count_proposals,
    incoming,
    open_alerts,
    open_notices,
)

# Nobody: stands in a question that is kept for whoever asks it.
_SOMEONE = TradingPartner(pk=-4_141_414_141, gln="someone")


class _Count(Subquery):
    """How many rows a query has, as a column of another."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def count_inbox(actor: Actor) -> int:
    """How much waits for this person: recalls, deliveries, alerts, things to sign.

    One question, as long as no party statement waits for a signature.
    """
    partner = actor.partner
    if partner is None:
        return 0
    sql, params = _question(partner.role, actor.role)
    meant: dict[Any, Any] = {_SOMEONE.pk: partner.pk, _SOMEONE.gln: partner.gln}
    with connection.cursor() as cursor:
        cursor.execute(sql, [meant.get(each, each) for each in params])
        *counts, is_proposed = cursor.fetchone()
    count: int = sum(counts)
    return count + (count_proposals(actor) if is_proposed else 0)


@lru_cache(maxsize=64)
def _question(role: str, place: str) -> tuple[str, tuple[Any, ...]]:
    """What `count_inbox` asks for people of one kind, about `_SOMEONE`.

    Every page asks: the ORM needs longer to write it than the database to answer it.
    """
    partner = TradingPartner(pk=_SOMEONE.pk, gln=_SOMEONE.gln, role=role)
    someone = Actor(user=None, partner=partner, role=place)
    waiting: list[QuerySet[Any]] = [
        open_notices(someone),
        incoming(someone),
        open_alerts(someone),
    ]
    if someone.can_administer:
        waiting.append(partners.requests_visible_to(someone))
    counts = [_Count(rows.order_by().values("pk")) for rows in waiting]
    asked = TradingPartner.objects.filter(pk=_SOMEONE.pk)
    rows = asked.values_list(*counts, Exists(partners.open_proposals(someone)))
    return rows.query.sql_with_params()

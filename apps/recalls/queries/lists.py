"""The list of recalls as a page shows it, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from apps.core.recall import parse_scope
from apps.partners.queries import Actor
from apps.recalls.formats import scope_words
from apps.recalls.models import Answer, Notice, Recall


@dataclass(frozen=True, slots=True)
class ListedRecall:
    """A recall, what your organisation has of it, and how far the answers are.

    Attributes:
        held, supplied: units that the own notices name; None without a notice.
        waiting: own lots that are not answered.
        told, answered: notices to everybody, and answers; None for a mere holder.
    """

    recall: Recall
    scope: str
    held: int | None
    supplied: int | None
    waiting: int
    told: int | None
    answered: int | None

    @property
    def is_open(self) -> bool:
        """Whether it still blocks."""
        return self.recall.closed_ms is None


def list_recalls(recalls: Iterable[Recall], *, actor: Actor) -> list[ListedRecall]:
    """The recalls of one page with their counts; each has `own_notices`."""
    recalls = list(recalls)
    ids = [recall.pk for recall in recalls]
    own = Answer.objects.filter(recall__in=ids, partner=actor.partner)
    answered = set(own.values_list("recall_id", "batch_id"))
    progress = _progress(ids)
    return [_listed(recall, actor, answered, progress) for recall in recalls]


def _listed(
    recall: Recall,
    actor: Actor,
    answered: set[tuple[str, int]],
    progress: dict[str, tuple[int, int]],
) -> ListedRecall:
    notices: list[Notice] = getattr(recall, "own_notices", [])
    notices = [row for row in notices if row.held_count or row.supplied_count]
    is_open = recall.closed_ms is None
    waiting = [row for row in notices if (recall.pk, row.batch_id) not in answered]
    partner_id = actor.partner.pk if actor.partner else None
    sees_all = actor.is_regulator or partner_id in {
        recall.opened_by_id,
        recall.product.brand_owner_id,
    }
    told, done = progress.get(recall.pk, (0, 0)) if sees_all else (None, None)
    return ListedRecall(
        recall=recall,
        scope=scope_words(parse_scope(recall.scope)),
        held=sum(row.held_count for row in notices) if notices else None,
        supplied=sum(row.supplied_count for row in notices) if notices else None,
        waiting=len(waiting) if is_open else 0,
        told=told,
        answered=done,
    )


def _progress(ids: list[str]) -> dict[str, tuple[int, int]]:
    """Notices with units, and holders' lots answered, by recall."""
    has_units = Q(held_count__gt=0) | Q(supplied_count__gt=0)
    told = Notice.objects.filter(has_units, recall__in=ids).values("recall")
    answers = Answer.objects.filter(recall__in=ids)
    pairs = set(answers.values_list("recall_id", "partner_id", "batch_id"))
    done: dict[str, int] = {}
    for recall_id, _partner, _batch in pairs:
        done[recall_id] = done.get(recall_id, 0) + 1
    return {
        row["recall"]: (row["n"], min(done.get(row["recall"], 0), row["n"]))
        for row in told.annotate(n=Count("id"))
    }

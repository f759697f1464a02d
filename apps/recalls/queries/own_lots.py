"""What one partner has to answer for in a recall, lot by lot."""

from __future__ import annotations

from dataclasses import dataclass

from apps.catalog.models import Batch
from apps.core.custody import IN_TRANSIT
from apps.custody.queries.holders import held_by
from apps.partners.queries import Actor
from apps.recalls.formats import LIVE, count_words
from apps.recalls.models import Answer
from apps.recalls.queries.case import Case
from apps.recalls.queries.recalls import ever_of


@dataclass(frozen=True, slots=True)
class OwnLot:
    """What one partner has to answer for of a lot.

    Attributes:
        total: recalled units that it holds or held.
        held, in_transit: those of them that are still there, or that it has sent and
            nobody has received.
        answer: what it said last; None while it said nothing.
    """

    batch: Batch
    total: int
    held: int
    in_transit: int
    answer: Answer | None

    @property
    def gone(self) -> int:
        """Units that were supplied, handed on or ended."""
        return self.total - self.held - self.in_transit

    @property
    def said(self) -> str:
        """The last answer in words."""
        return count_words(self.answer.counts) if self.answer else ""

    @property
    def is_stale(self) -> bool:
        """Whether more units came since the answer."""
        return self.answer is not None and self.answer.count != self.total


def list_own_lots(*, case: Case, actor: Actor) -> list[OwnLot]:
    """The recalled lots that the actor's organisation has or had, counted now."""
    mine = [(batch, ever) for batch, ever in ever_of(case.meant, actor.gln) if ever]
    if not mine:
        return []
    now = held_by(batch_ids=[batch.pk for batch, _ in mine], gln=actor.gln)
    found = []
    for batch, ever in mine:
        here = {"held": 0, IN_TRANSIT: 0}
        for share in now:
            if share.batch_id == batch.pk and share.status in LIVE:
                place = IN_TRANSIT if share.status == IN_TRANSIT else "held"
                here[place] += len(share.units & ever)
        answer = case.answers.get((actor.gln, batch.pk))
        found.append(OwnLot(batch, len(ever), here["held"], here[IN_TRANSIT], answer))
    return found

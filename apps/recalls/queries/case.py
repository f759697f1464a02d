"""One recall, and what pages and reports about it need; each thing is asked once."""

from __future__ import annotations

from functools import cached_property

from apps.recalls.models import Answer, Notice, Recall
from apps.recalls.queries.recalls import Meant, units_of


class Case:
    """A recall as it stands when its parts are first asked for."""

    def __init__(self, recall: Recall) -> None:
        self.recall = recall

    @cached_property
    def meant(self) -> list[Meant]:
        """The units that it means, by batch."""
        return units_of(self.recall)

    @cached_property
    def said(self) -> list[Answer]:
        """Every answer, in the order in which they came, with who gave it."""
        rows = Answer.objects.filter(recall=self.recall).select_related("partner")
        return list(rows.order_by("pk"))

    @cached_property
    def answers(self) -> dict[tuple[str, int], Answer]:
        """The last answer by holder (GLN) and batch row."""
        return {(row.partner.gln, row.batch_id): row for row in self.said}

    @cached_property
    def told(self) -> list[Notice]:
        """Notices that speak of units."""
        rows = Notice.objects.filter(recall=self.recall).select_related("partner")
        return [row for row in rows if row.held_count or row.supplied_count]

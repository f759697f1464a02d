"""The status report of a recall, as 21 CFR 7.53(b) lists its parts, and its burn-down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.partners.models import TradingPartner
from apps.recalls.formats import count_words
from apps.recalls.models import Answer, Notice
from apps.recalls.queries.case import Case
from apps.recalls.queries.recalls import answer_due
from apps.recalls.queries.shares import AffectedRow, Contact, Tally, contact_of, tally


@dataclass(frozen=True, slots=True)
class Consignee:
    """One holder that was told, with what it said last, over all lots.

    Attributes:
        held, supplied: units it was told of.
        counts: units by state of its last answers.
        answered_ms: when it last answered; None if a lot is still unanswered.
    """

    gln: str
    name: str
    role: str
    contact: Contact
    held: int
    supplied: int
    counts: dict[str, int]
    answered_ms: int | None

    @property
    def said(self) -> str:
        """The counts in words."""
        return count_words(self.counts)


@dataclass(frozen=True, slots=True)
class Report:
    """What 21 CFR 7.53(b) asks for.

    (1) who was notified, when and how; (2) who responded, and the quantity on hand
    then; (3) who did not; (4) quantity returned or corrected; (5) checks of
    effectiveness: those who answered out of those notified; (6) when it should be
    complete.
    """

    notified: int
    notified_at: datetime | None
    responded: int
    not_responded: int
    on_hand_at_response: int
    returned: int
    destroyed: int
    not_found: int
    due_at: datetime
    is_overdue: bool
    tally: Tally
    consignees: list[Consignee]


def build_report(*, case: Case, rows: Iterable[AffectedRow], at: datetime) -> Report:
    """The status report as of `at`; `rows` are the affected units."""
    recall, consignees = case.recall, list_consignees(case)
    answered = [each for each in consignees if each.answered_ms is not None]
    said = _summed(each.counts for each in consignees)
    due_at = answer_due(recall)
    waiting = len(consignees) - len(answered)
    return Report(
        notified=len(consignees),
        notified_at=recall.flagged_at,
        responded=len(answered),
        not_responded=waiting,
        on_hand_at_response=said.get("quarantined", 0),
        returned=said.get("returned", 0),
        destroyed=said.get("destroyed", 0),
        not_found=said.get("not_found", 0),
        due_at=due_at,
        is_overdue=bool(waiting) and recall.closed_ms is None and at > due_at,
        tally=tally(rows),
        consignees=consignees,
    )


def list_consignees(case: Case) -> list[Consignee]:
    """Everybody who was told of units, those without an answer first, by name."""
    notices: dict[str, list[Notice]] = {}
    for notice in case.told:
        notices.setdefault(notice.partner.gln, []).append(notice)
    found = [
        _consignee(rows[0].partner, rows, case.answers) for rows in notices.values()
    ]
    found.sort(key=lambda each: (each.answered_ms is not None, each.name, each.gln))
    return found


def _consignee(
    partner: TradingPartner,
    notices: list[Notice],
    answers: dict[tuple[str, int], Answer],
) -> Consignee:
    found = [answers.get((partner.gln, notice.batch_id)) for notice in notices]
    said = [answer for answer in found if answer is not None]
    is_complete = len(said) == len(notices)
    return Consignee(
        gln=partner.gln,
        name=partner.name,
        role=partner.role,
        contact=contact_of(partner),
        held=sum(notice.held_count for notice in notices),
        supplied=sum(notice.supplied_count for notice in notices),
        counts=_summed(answer.counts for answer in said),
        answered_ms=max(a.answered_ms for a in said) if is_complete else None,
    )


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for state, n in each.items():
            total[state] = total.get(state, 0) + n
    return total

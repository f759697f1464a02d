"""The erasure that the operator would sign: the closing that was prepared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from apps.core.bodies import Erasure
from apps.core.errors import LedgerConflict
from apps.core.fields import Fields
from apps.core.subjects import Subject
from apps.custody.models import Closing, ClosingDraft
from apps.custody.queries.erasable import meant_by
from apps.edge.numbers import grouped
from apps.jobs.queries import JobView, find_newest_job
from apps.ledger.formats import Draft, new_statement
from apps.partners.queries import Actor, get_genesis

JOB_KIND: Final = "closing"
JOB_SUBJECT: Final = "the books"


def find_prepared(*, actor: Actor) -> ClosingDraft | None:
    """The closing that waits for the operator's signature; None for anybody else."""
    if not actor.is_operator:
        return None
    return ClosingDraft.objects.order_by("-created_at").first()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a prepared closing would erase."""

    statements: int
    lots: int
    first_ms: int
    last_ms: int
    digest: str


def weigh_prepared(draft: ClosingDraft) -> Prepared:
    """Counts and times of what the closing would erase."""
    meant = meant_by(draft.indices)
    times = [each.row.accepted_ms for each in meant]
    return Prepared(
        statements=len(meant),
        lots=len({leaf.tag for each in meant for leaf in each.leaves}),
        first_ms=min(times),
        last_ms=max(times),
        digest=bytes(draft.digest).hex(),
    )


def closings() -> list[Closing]:
    """Every signed closing, newest first."""
    return list(Closing.objects.order_by("-number"))


def last_order() -> JobView | None:
    """The newest order to prepare a closing."""
    return find_newest_job(kind=JOB_KIND, subject=JOB_SUBJECT)


def draft_erasure(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """The erasure of a wish `{"kind": "erasure"}`: of what was prepared last.

    Raises:
        LedgerConflict: `closing_not_prepared`: nothing was, or not for this party.
        MalformedInput: a field that the wish does not have.
    """
    fields = Fields(wish, where="")
    fields.word("kind", frozenset({"erasure"}))
    fields.close()
    draft = find_prepared(actor=actor)
    if draft is None:
        raise LedgerConflict(
            "closing_not_prepared", wanted="a closing prepared by the operator"
        )
    meant = meant_by(draft.indices)
    payload = new_statement(
        kind="erasure",
        by=actor.gln,
        signer=actor.user.signer if actor.user else "",
        meaning=gettext_noop("erases what need not be kept any more"),
        subjects=[
            Subject(tag) for tag in {leaf.tag for each in meant for leaf in each.leaves}
        ],
        parents=[],
        body=Erasure(
            indices=tuple(draft.indices),
            legal_basis=draft.legal_basis,
            snapshot_digest=bytes(draft.digest),
        ).to_json(),
        at=at,
        ledger=get_genesis().origin,
    )
    words = ngettext(
        "%(who)s erases the private bytes of %(n)s statement for ever: %(basis)s.",
        "%(who)s erases the private bytes of %(n)s statements for ever: %(basis)s.",
        len(meant),
    ) % {
        "who": actor.partner.name if actor.partner else "",
        "n": grouped(len(meant)),
        "basis": draft.legal_basis.rstrip("."),
    }
    return Draft(payload=payload, words=f"{words} {_('What they led to stays.')}")

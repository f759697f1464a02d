"""Files of packing, read; and the statement that each asks to be signed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.core.errors import MalformedInput
from apps.core.statement import Subject
from apps.core.subjects import EventsRoot
from apps.edge.numbers import grouped
from apps.ledger import queries as ledger
from apps.ledger.formats import Draft, new_statement
from apps.packaging.models import (
    Aggregation,
    AggregationDraft,
    AggregationError,
    AggregationState,
)
from apps.packaging.queries.files import events_path
from apps.partners import queries as partners
from apps.partners.queries import Actor


def visible_to(actor: Actor) -> QuerySet[Aggregation]:
    """The files of the actor's organisation; nobody else's business."""
    if actor.partner is None:
        return Aggregation.objects.none()
    return Aggregation.objects.filter(partner=actor.partner)


def list_errors(*, aggregation: Aggregation, limit: int) -> list[AggregationError]:
    """The first `limit` errors, by line."""
    return list(aggregation.errors.order_by("line_no", "id")[:limit])


def find_signed(aggregation: Aggregation) -> str:
    """The accepted statement of an aggregation, by its id; "" while there is none."""
    drafts = AggregationDraft.objects.filter(aggregation=aggregation)
    for statement_id in drafts.values_list("statement_id", flat=True):
        if ledger.find_accepted(statement_id) is not None:
            return statement_id
    return ""


def draft_statement(*, aggregation: Aggregation, actor: Actor, at: datetime) -> Draft:
    """The statement that packs everything, with its events.

    Raises:
        MalformedInput: `not_staged`: nothing waits for a signature.
    """
    path = events_path(aggregation.pk)
    if aggregation.state != AggregationState.STAGED or not path.exists():
        raise MalformedInput(
            "not_staged", field="state", got=aggregation.state, wanted="staged"
        )
    payload = new_statement(
        kind="events",
        by=actor.gln,
        signer=actor.user.signer if actor.user else "",
        meaning=gettext_noop("events recorded by the holder"),
        subjects=[_subject(each) for each in aggregation.subjects],
        parents=[],
        body=aggregation.body,
        at=at,
        ledger=partners.get_genesis().origin,
    )
    return Draft(payload, words_of(aggregation, actor), path.read_bytes())


def words_of(aggregation: Aggregation, actor: Actor) -> str:
    """The sentence that says what the signature does."""
    return _(
        "%(who)s packs %(packs)s packs of %(gtin)s. New cases: %(cases)s, new pallets:"
        " %(pallets)s."
    ) % {
        "who": actor.partner.name if actor.partner else "",
        "packs": grouped(aggregation.packs),
        "gtin": aggregation.gtin,
        "cases": grouped(aggregation.cases),
        "pallets": grouped(aggregation.pallets),
    }


def kept_subject(subject: Subject) -> dict[str, str | int]:
    """A subject of kind events as it is kept until it is signed."""
    if subject.events is None:
        raise RuntimeError("a subject of kind events has a root")
    return {
        "tag": subject.tag.hex(),
        "size": subject.events.size,
        "root": subject.events.root.hex(),
    }


def _subject(kept: dict[str, str | int]) -> Subject:
    return Subject(
        bytes.fromhex(str(kept["tag"])),
        events=EventsRoot(
            size=int(kept["size"]), root=bytes.fromhex(str(kept["root"]))
        ),
    )


def find_aggregation(*, aggregation_id: UUID, actor: Actor) -> Aggregation | None:
    """The actor's file with this id, or None."""
    return visible_to(actor).filter(pk=aggregation_id).first()

"""Draft a file of events: each is judged after those before it, then all is undone.

A later line may need what an earlier one makes (a case to pack into). So the lines
are recorded in a transaction that is always rolled back, and only sums remain.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes
from apps.core.errors import MalformedInput
from apps.core.events import MAX_LINES
from apps.core.fields import Fields
from apps.core.subjects import Reference
from apps.custody.operations.project import Row, project
from apps.custody.queries.drafts import Weighed, signer_of, weigh
from apps.custody.queries.plans import plan_event
from apps.custody.queries.sums import FileSums, Line
from apps.custody.queries.wishes import read_wish
from apps.custody.queries.words import sentence
from apps.ledger.formats import Draft, as_ms, new_statement
from apps.partners import queries as partners
from apps.partners.queries import Actor

_NO_ID = "0" * 64


def draft_events(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """The statement of kind events behind {"kind": "events", "events": [wish, …]}.

    Raises:
        MalformedInput: a wish that cannot be read.
        ForbiddenTransfer: the law refuses one event, so the file.
    """
    fields = Fields(wish, where="")
    fields.take("kind")
    wishes = fields.array("events", least=1, most=MAX_LINES)
    fields.close()
    sums, lines, words = FileSums(), [], []
    with transaction.atomic():
        for number, each in enumerate(wishes):
            line, said = _rehearse(each, number, actor=actor, at=at)
            sums.add(line)
            words.append(said)
            lines.append(
                canonical_bytes(
                    {
                        "event": dict(line.event),
                        "parents": [parent.text for parent in line.parents],
                    }
                )
            )
        transaction.set_rollback(True)
    payload = new_statement(
        kind="events",
        by=actor.gln,
        signer=signer_of(actor),
        meaning="events recorded by the holder",
        subjects=sums.subjects(),
        parents=[],
        body=EventsFile(len(lines)).to_json(),
        at=at,
        ledger=partners.get_genesis().origin,
    )
    return Draft(payload, _sum_up(words), b"".join(line + b"\n" for line in lines))


def _sum_up(words: list[str]) -> str:
    if len(words) <= 3:
        return " ".join(words)
    return _("%(n)s events. First: %(first)s Last: %(last)s") % {
        "n": f"{len(words):,}",
        "first": words[0],
        "last": words[-1],
    }


def _rehearse(
    wish: object, number: int, *, actor: Actor, at: datetime
) -> tuple[Line, str]:
    where = f"events[{number}]"
    if not isinstance(wish, dict):
        raise MalformedInput("wrong_type", field=where, wanted="a wish")
    read = read_wish(wish, where=where, at=at)
    here = replace(
        read,
        shipment=_here(read.shipment),
        parents=tuple(_here(ref) for ref in read.parents),
    )
    weighed = weigh(
        plan_event(here, by=actor.gln),
        ref=f"{_NO_ID}#{number}",
        by=actor.gln,
        at=at,
        is_locking=True,
    )
    project(
        row=_row(weighed, at=at),
        judgement=weighed.judgement,
        batch_ids=weighed.loaded.batch_ids,
    )
    said = sentence(weighed.judgement.rule, weighed.event, weighed.loaded)
    parents = [
        Reference.parse(ref.removeprefix(_NO_ID)) for ref in weighed.plan.parents
    ]
    line = Line(weighed.line.event, parents, weighed.event.units, actor.gln)
    return line, said


def _here(ref: str) -> str:
    """`#k` of the file that is being drafted, as its rehearsed rows are named."""
    return f"{_NO_ID}{ref}" if ref.startswith("#") else ref


def _row(weighed: Weighed, *, at: datetime) -> Row:
    event, said = weighed.event, weighed.said
    return Row(
        ref=event.ref,
        statement_id=_NO_ID,
        by=event.by,
        site=event.site,
        biz_step=event.biz_step,
        disposition=event.disposition,
        action=event.action,
        counterparty=event.destination,
        accepted_ms=as_ms(at),
        event_time_ms=said.event_time_ms,
        parent_ref=event.parents[0] if event.parents else "",
        is_inferred=said.is_inferred,
        containers=event.containers,
        documents=said.documents,
    )

"""Draft a file of events: each is judged after those before it, then all is undone.

A later line may need what an earlier one makes (a case to pack into). So the lines
are recorded in a transaction that is always rolled back, and only sums remain.
"""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.core.bodies import EventsFile
from apps.core.canonical import JsonValue, canonical_bytes
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.events import MAX_LINES
from apps.core.fields import Fields
from apps.core.members import json_type
from apps.core.subjects import Reference
from apps.custody.operations.project import Row, project
from apps.custody.queries.drafts import Weighed, signer_of, weigh
from apps.custody.queries.plans import plan_event
from apps.custody.queries.sums import FileSums, Line
from apps.custody.queries.wishes import read_wish
from apps.custody.queries.words import sentence
from apps.edge.numbers import grouped
from apps.edge.races import is_lost_race
from apps.ledger.formats import Draft, as_ms, new_statement
from apps.partners import queries as partners
from apps.partners.queries import Actor

_ATTEMPTS: Final = 5
_PAUSE_SECONDS: Final = 0.2


def draft_events(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """The statement of kind events behind {"kind": "events", "events": [wish, …]}.

    Raises:
        MalformedInput: a wish that cannot be read.
        ForbiddenTransfer: the law refuses one event, so the file.
        LedgerConflict: `lost_race`: others move the same goods all the time.
    """
    fields = Fields(wish, where="")
    fields.take("kind")
    wishes = fields.array("events", least=1, most=MAX_LINES)
    fields.close()
    sums, lines, words = _rehearse_all(wishes, actor=actor, at=at)
    file = b"".join(line + b"\n" for line in lines)
    payload = new_statement(
        kind="events",
        by=actor.gln,
        signer=signer_of(actor),
        meaning=gettext_noop("events recorded by the holder"),
        subjects=sums.subjects(),
        parents=[],
        body=EventsFile.of(file).to_json(),
        at=at,
        ledger=partners.get_genesis().origin,
    )
    return Draft(payload, _sum_up(words), file)


def _rehearse_all(
    wishes: list[JsonValue], *, actor: Actor, at: datetime
) -> tuple[FileSums, list[bytes], list[str]]:
    """Rehearse until nobody else is in the way.

    Raises:
        LedgerConflict: `lost_race`: too many others move the same goods.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _rehearse_once(wishes, actor=actor, at=at)
        except DatabaseError as error:
            if not is_lost_race(error):
                raise
        # Equal pauses would meet again.
        time.sleep(_PAUSE_SECONDS * attempt * random.random())  # noqa: S311  # no secret
    raise LedgerConflict("lost_race", wanted="the same request again in a second")


def _rehearse_once(
    wishes: list[JsonValue], *, actor: Actor, at: datetime
) -> tuple[FileSums, list[bytes], list[str]]:
    sums = FileSums()
    lines: list[bytes] = []
    words: list[str] = []
    # A name of its own: drafts that wrote the same one would wait for each other.
    identity = secrets.token_hex(32)
    with transaction.atomic():
        for number, each in enumerate(wishes):
            ref = f"{identity}#{number}"
            line, said = _rehearse(each, ref, actor=actor, at=at)
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
    return sums, lines, words


def _sum_up(words: list[str]) -> str:
    if len(words) <= 3:
        return " ".join(words)
    return _("%(n)s events. First: %(first)s Last: %(last)s") % {
        "n": grouped(len(words)),
        "first": words[0],
        "last": words[-1],
    }


def _rehearse(
    wish: object, ref: str, *, actor: Actor, at: datetime
) -> tuple[Line, str]:
    identity, _hash, number = ref.partition("#")
    where = f"events[{number}]"
    if not isinstance(wish, dict):
        raise MalformedInput(
            "wrong_type", field=where, got=json_type(wish), wanted="a wish"
        )
    read = read_wish(wish, where=where, at=at)
    here = replace(
        read,
        shipment=_here(read.shipment, identity),
        parents=tuple(_here(parent, identity) for parent in read.parents),
    )
    weighed = weigh(
        plan_event(here, by=actor.gln),
        ref=ref,
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
        Reference.parse(parent.removeprefix(identity))
        for parent in weighed.plan.parents
    ]
    line = Line(weighed.line.event, parents, weighed.event.units, actor.gln)
    return line, said


def _here(ref: str, identity: str) -> str:
    """`#k` of the file that is being drafted, as its rehearsed rows are named."""
    return f"{identity}{ref}" if ref.startswith("#") else ref


def _row(weighed: Weighed, *, at: datetime) -> Row:
    event, said = weighed.event, weighed.said
    return Row(
        ref=event.ref,
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
        containers=(*event.containers, *([event.parent] if event.parent else [])),
        documents=said.documents,
    )

"""Drafts of statements about goods: exact bytes to sign, and the sentence.

One event or a file of them: a later one may need what an earlier one makes, so all are
planned and judged one after the other on what was read at one moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.core.bodies import EventsFile
from apps.core.canonical import JsonValue, canonical_bytes
from apps.core.custody.said import said_of
from apps.core.errors import MalformedInput
from apps.core.events import MAX_LINES, read_event
from apps.core.fields import Fields
from apps.core.members import json_type
from apps.core.statement import Statement
from apps.custody.queries.names import Names
from apps.custody.queries.plans import Plan, plan_event
from apps.custody.queries.standing import Standing
from apps.custody.queries.sums import FileSums, Line, subjects_of_event
from apps.custody.queries.wanted import Wanted, find_wanted
from apps.custody.queries.weigh import Weighed, weigh
from apps.custody.queries.wishes import Wish, read_wish
from apps.custody.queries.words import meaning_of, sentence
from apps.edge.moment import one_moment
from apps.edge.numbers import grouped
from apps.ledger.formats import Draft, as_ms, new_statement
from apps.partners import queries as partners
from apps.partners.queries import Actor

_TOLD: Final = 3  # a file of more is summed up


def draft_event(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """The statement of kind event behind a wish.

    The law is asked at once, so that nobody signs what would be refused; it is asked
    again, under locks, when the statement comes.

    Raises:
        MalformedInput: a wish that cannot be read.
        ForbiddenTransfer: the law refuses it as things stand.
    """
    read = read_wish(wish, where="", at=at)
    with one_moment():
        standing = _stand([read], by=actor.gln)
        plan = plan_event(read, standing)
        return _draft(plan, standing, signer=signer_of(actor), at=at)


def redraft_event(*, statement: Statement, at: datetime) -> Draft:
    """The same event with the subjects that it would have now.

    Raises:
        ForbiddenTransfer: the law refuses it by now.
    """
    parents = tuple(parent.text for parent in statement.parents)
    plan = Plan(read_event(statement), parents)
    names = Names()
    names.add(said_of(plan.event), parents)
    with one_moment():
        standing = Standing.read(Wanted(names), by=statement.by)
        return _draft(plan, standing, signer=statement.signer, at=at)


def draft_events(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """The statement of kind events behind {"kind": "events", "events": [wish, …]}.

    Raises:
        MalformedInput: a wish that cannot be read.
        ForbiddenTransfer: the law refuses one event, so the file.
    """
    fields = Fields(wish, where="")
    fields.take("kind")
    given = fields.array("events", least=1, most=MAX_LINES)
    fields.close()
    wishes = [_read(each, number, at) for number, each in enumerate(given)]
    sums, lines, words = _rehearse(wishes, by=actor.gln, at=at)
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
    return Draft(payload, words, file)


def _read(wish: JsonValue, number: int, at: datetime) -> Wish:
    where = f"events[{number}]"
    if not isinstance(wish, dict):
        raise MalformedInput(
            "wrong_type", field=where, got=json_type(wish), wanted="a wish"
        )
    return read_wish(wish, where=where, at=at)


def _stand(wishes: Sequence[Wish], *, by: str) -> Standing:
    return Standing.read(find_wanted(wishes, by=by), by=by)


def _rehearse(
    wishes: Sequence[Wish], *, by: str, at: datetime
) -> tuple[FileSums, list[bytes], str]:
    """What the file moves, its lines, and the sentence about it."""
    sums, lines, words = FileSums(), [], []
    with one_moment():
        standing = _stand(wishes, by=by)
        for number, wish in enumerate(wishes):
            plan = plan_event(wish, standing)
            weighed = weigh(plan, standing, ref=f"#{number}", at_ms=as_ms(at))
            weighed.take(standing, at_ms=as_ms(at))
            sums.add(weighed.line)
            lines.append(_bytes_of(weighed.line))
            if number < _TOLD or wish is wishes[-1]:
                words.append(_said(weighed, standing))
    return sums, lines, _sum_up(words, len(wishes))


def _bytes_of(line: Line) -> bytes:
    parents: list[JsonValue] = [parent.text for parent in line.parents]
    return canonical_bytes({"event": dict(line.event), "parents": parents})


def _sum_up(words: Sequence[str], total: int) -> str:
    if total <= _TOLD:
        return " ".join(words)
    return _("%(n)s events. First: %(first)s Last: %(last)s") % {
        "n": grouped(total),
        "first": words[0],
        "last": words[-1],
    }


def _said(weighed: Weighed, standing: Standing) -> str:
    rule = weighed.judgement.rule
    return sentence(rule, weighed.event, standing.state, standing.names)


def _draft(plan: Plan, standing: Standing, *, signer: str, at: datetime) -> Draft:
    weighed = weigh(plan, standing, ref="0" * 64, at_ms=as_ms(at))
    payload = new_statement(
        kind="event",
        by=standing.by,
        signer=signer,
        meaning=meaning_of(
            rule=weighed.judgement.rule, biz_step=weighed.event.biz_step
        ),
        subjects=subjects_of_event(weighed.line),
        parents=weighed.line.parents,
        body=weighed.line.event,
        at=at,
        ledger=partners.get_genesis().origin,
    )
    return Draft(payload=payload, words=_said(weighed, standing))


def signer_of(actor: Actor) -> str:
    """The random id under which the person behind a request signs."""
    return actor.user.signer if actor.user else ""

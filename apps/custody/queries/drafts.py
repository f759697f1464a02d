"""Drafts of statements about goods: exact bytes to sign, and the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from pyroaring import BitMap

from apps.core.canonical import JsonValue
from apps.core.custody import CustodyEvent, Judgement, judge
from apps.core.custody.said import Said, said_of
from apps.core.epcis import build, event_json
from apps.core.epcis.parts import Occasion
from apps.core.errors import ForbiddenTransfer, MalformedInput
from apps.core.events import read_event
from apps.core.ranges import set_digest
from apps.core.statement import Statement
from apps.core.subjects import Moved, Reference, Serials, Subject
from apps.custody.models import Staging
from apps.custody.queries.load import Loaded, explain_missing, load
from apps.custody.queries.plans import Plan, plan_event
from apps.custody.queries.resolve import Named, build_event, find_named, touched_by
from apps.custody.queries.strangers import (
    strange_cases,
    with_strangers,
    without_unknown,
)
from apps.custody.queries.sums import Line, subjects_of_event
from apps.custody.queries.wishes import read_wish
from apps.custody.queries.words import meaning_of, sentence
from apps.edge.numbers import grouped
from apps.ledger.formats import Draft, as_ms, new_statement
from apps.partners import queries as partners
from apps.partners.queries import Actor


@dataclass(frozen=True, slots=True)
class Weighed:
    """A planned event, resolved and judged as things stand."""

    plan: Plan
    said: Said
    event: CustodyEvent[BitMap]
    judgement: Judgement[BitMap]
    loaded: Loaded

    @property
    def line(self) -> Line:
        """What a signer signs of it."""
        return Line(
            event=event_json(self.plan.event),
            parents=[Reference.parse(ref) for ref in self.plan.parents],
            units=self.event.units,
            by=self.event.by,
        )


def draft_event(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """The statement of kind event behind a wish.

    The law is asked at once, so that nobody signs what would be refused; it is asked
    again, under locks, when the statement comes.

    Raises:
        MalformedInput: a wish that cannot be read.
        ForbiddenTransfer: the law refuses it as things stand.
    """
    plan = plan_event(read_wish(wish, where="", at=at), by=actor.gln)
    return _draft(plan, by=actor.gln, signer=signer_of(actor), at=at)


def redraft_event(*, statement: Statement, at: datetime) -> Draft:
    """The same event with the subjects that it would have now.

    Raises:
        ForbiddenTransfer: the law refuses it by now.
    """
    parents = tuple(parent.text for parent in statement.parents)
    plan = Plan(read_event(statement), parents)
    return _draft(plan, by=statement.by, signer=statement.signer, at=at)


def _draft(plan: Plan, *, by: str, signer: str, at: datetime) -> Draft:
    weighed = weigh(plan, ref="0" * 64, by=by, at=at, is_locking=False)
    payload = new_statement(
        kind="event",
        by=by,
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
    words = sentence(weighed.judgement.rule, weighed.event, weighed.loaded)
    return Draft(payload=payload, words=words)


def weigh(plan: Plan, *, ref: str, by: str, at: datetime, is_locking: bool) -> Weighed:
    """Resolve and judge a planned event.

    Raises:
        ForbiddenTransfer: the law refuses; an unknown serial, and a stranger's case
            with one, is refused as a pack that somebody else holds.
    """
    said = said_of(plan.event)
    known, unknown = without_unknown(said)
    named = find_named(known)
    loaded = load(
        touched_by(known, named, by=by, parents=plan.parents, is_locking=is_locking)
    )

    def resolved(of: Named) -> CustodyEvent[BitMap]:
        return build_event(said, of, loaded, ref=ref, by=by, parents=plan.parents)

    event = resolved(named)
    strange = strange_cases(said, event, loaded.state)
    if strange:
        event = resolved(named.without(strange))
        unknown = (*unknown, *strange)
    explain_missing(loaded, event.units)
    if unknown:
        event = with_strangers(event, loaded.state, count=len(unknown))
    judgement = judge(loaded.state, event, as_ms(at))
    if unknown:  # only who may speak of everybody's packs gets here
        raise ForbiddenTransfer(
            "serial_unknown",
            rule=said.biz_step,
            got=unknown[0],
            wanted="a commissioned number",
        )
    return Weighed(plan, said, event, judgement, loaded)


def draft_commissioning(
    *, staging_id: UUID, site: str, actor: Actor, at: datetime
) -> Draft:
    """The commissioning of staged serials: N and the root of their tree.

    Raises:
        MalformedInput: `unknown_staging`.
    """
    staging = (
        Staging.objects.select_related("product")
        .filter(pk=staging_id, partner__gln=actor.gln)
        .first()
    )
    if staging is None:
        raise MalformedInput(
            "unknown_staging",
            field="staging_id",
            got=str(staging_id),
            wanted="a file that was checked",
        )
    payload = new_statement(
        kind="event",
        by=actor.gln,
        signer=signer_of(actor),
        meaning=meaning_of(rule="commissioning", biz_step="commissioning"),
        subjects=[_subject(staging)],
        parents=[],
        body=_commissioning(staging, site=site, at=at),
        at=at,
        ledger=partners.get_genesis().origin,
    )
    return Draft(payload=payload, words=_words(staging, actor))


def seed_of(*, staging_id: UUID) -> bytes:
    """The seed of staged serials: with them it gives the root that is to be signed."""
    seeds = Staging.objects.values_list("seed", flat=True)
    return bytes(seeds.get(pk=staging_id))


def _subject(staging: Staging) -> Subject:
    last = staging.base + staging.size - 1
    return Subject(
        bytes(staging.tag),
        moved=Moved(staging.size, set_digest(((staging.base, last),))),
        serials=Serials(
            base=staging.base,
            size=staging.size,
            root=bytes(staging.root),
            gtin=staging.product.gtin,
            lot=staging.lot,
            expiry_date=staging.expiry_date,
        ),
    )


def _commissioning(
    staging: Staging, *, site: str, at: datetime
) -> Mapping[str, JsonValue]:
    return event_json(
        build.commission_lot(
            Occasion(event_time_ms=as_ms(at), site=site),
            gtin=staging.product.gtin,
            lot=staging.lot,
            expiry_date=staging.expiry_date,
            size=staging.size,
        )
    )


def _words(staging: Staging, actor: Actor) -> str:
    return _(
        "%(who)s commissions %(n)s packs of %(product)s, lot %(lot)s, expiry %(expiry)s."
    ) % {
        "who": actor.partner.name if actor.partner else "",
        "n": grouped(staging.size),
        "product": staging.product,
        "lot": staging.lot,
        "expiry": staging.expiry_date.isoformat(),
    }


def signer_of(actor: Actor) -> str:
    """The random id under which the person behind a request signs."""
    return actor.user.signer if actor.user else ""

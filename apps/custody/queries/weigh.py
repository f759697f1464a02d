"""Planned events, resolved and judged as things stand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pyroaring import BitMap

from apps.core.custody import CustodyEvent, Judgement, judge
from apps.core.custody.said import Said, said_of
from apps.core.epcis import event_json
from apps.core.errors import ForbiddenTransfer
from apps.core.subjects import Reference
from apps.custody.queries.load import explain_missing
from apps.custody.queries.plans import Plan
from apps.custody.queries.resolve import Named, build_event
from apps.custody.queries.standing import Standing
from apps.custody.queries.strangers import (
    strange_cases,
    with_strangers,
    without_unknown,
)
from apps.custody.queries.sums import Line


@dataclass(frozen=True)
class Weighed:
    """A planned event, resolved and judged."""

    plan: Plan
    said: Said
    event: CustodyEvent[BitMap]
    judgement: Judgement[BitMap]

    @cached_property
    def line(self) -> Line:
        """What a signer signs of it."""
        return Line(
            event=event_json(self.plan.event),
            parents=[Reference.parse(ref) for ref in self.plan.parents],
            units=self.event.units,
            by=self.event.by,
        )

    def take(self, standing: Standing, *, at_ms: int) -> None:
        """Let what comes after it stand on it."""
        standing.take(self.said, self.event, self.judgement, at_ms)


def weigh(plan: Plan, standing: Standing, *, ref: str, at_ms: int) -> Weighed:
    """Resolve and judge a planned event.

    Raises:
        ForbiddenTransfer: the law refuses; an unknown serial, and a stranger's case
            with one, is refused as a pack that somebody else holds.
    """
    said, found = said_of(plan.event), standing.found
    known, unknown = without_unknown(said, found, standing.state.containers)
    named = Named(found.loose_of(known), found.boxes_of(known))
    loaded = standing.seen(known)

    def resolved(of: Named) -> CustodyEvent[BitMap]:
        return build_event(
            said, of, loaded, ref=ref, by=standing.by, parents=plan.parents
        )

    event = resolved(named)
    strange = strange_cases(said, event, loaded.state)
    if strange:
        event = resolved(named.without(strange))
        unknown = (*unknown, *strange)
    explain_missing(loaded, event.units)
    if unknown:
        event = with_strangers(event, loaded.state, count=len(unknown))
    judgement = judge(loaded.state, event, at_ms)
    if unknown:  # only who may speak of everybody's packs gets here
        raise ForbiddenTransfer(
            "serial_unknown",
            rule=said.biz_step,
            got=unknown[0],
            wanted="a commissioned number",
        )
    return Weighed(plan, said, event, judgement)

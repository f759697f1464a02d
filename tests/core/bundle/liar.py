"""Somebody who tells a true history but for one thing."""

from dataclasses import replace

import pytest

from apps.core.custody import find_rule
from apps.core.custody.said import said_of
from apps.core.epcis import PackEpc, build, event_json
from apps.core.epcis.parts import Handover, Occasion, Units
from apps.core.errors import ProofError
from tests.core.bundle.history import History
from tests.core.bundle.planning import bundle_of, check
from tests.core.bundle.saying import (
    GTIN,
    NOVAMED,
    SITES,
    STELLA,
    TRANSPHARM,
    Line,
    subjects_of,
)


class Liar:
    """Says what no honest door would take in."""

    def __init__(self):
        self.history = History(7).begin()
        self.history.commission("A1", 10)
        self.tag = self.history.tag("A1").hex()

    def packs(self, *ordinals):
        return Units(
            [PackEpc(GTIN, self.history.serials[self.tag][n]) for n in ordinals]
        )

    def at(self, gln):
        return Occasion(self.history.at_ms - 500, SITES[gln], "+01:00")

    def ship(self, *ordinals, by=NOVAMED, to=TRANSPHARM):
        handover = Handover(by, SITES[by], to, SITES[to])
        return build.ship(self.at(by), units=self.packs(*ordinals), handover=handover)

    def receive(self, *ordinals, by=TRANSPHARM, source=NOVAMED):
        handover = Handover(source, SITES[source], by, SITES[by])
        units = self.packs(*ordinals)
        return build.receive(self.at(by), units=units, handover=handover)

    def supply(self, *ordinals, by=STELLA):
        return build.dispense(self.at(by), units=self.packs(*ordinals))

    def deliver(self, *ordinals):
        """Honestly from the maker to Stella."""
        ref = self.history.do(self.ship(*ordinals), NOVAMED)
        self.history.do(self.receive(*ordinals), TRANSPHARM, (ref,))
        ref = self.history.do(
            self.ship(*ordinals, by=TRANSPHARM, to=STELLA), TRANSPHARM
        )
        event = self.receive(*ordinals, by=STELLA, source=TRANSPHARM)
        self.history.do(event, STELLA, (ref,))

    def lie(self, event, by, parents=(), *, units=None, keys=(), lent=None):
        """Sign an event and take it in unjudged; its reference."""
        made = self.history._custody(event, by, parents)
        signed = dict(made.units) if units is None else {self.tag: units}
        statement, envelope = self.history._signed(
            "event", by, event_json(event), subjects_of(signed, by), keys, parents, lent
        )
        rule = find_rule(replace(made, loose=made.units)).name
        line = Line(0, b"", made, said_of(event), rule, "")
        return self.history._log(statement, envelope, units=signed, lines=[line])

    def refused(self, **more):
        """Step and code with which the bundle of the lot is refused."""
        self.history.close()
        data = bundle_of(self.history, "A1", **more)
        with pytest.raises(ProofError) as refused:
            check(data, self.history)
        return refused.value.step, refused.value.code

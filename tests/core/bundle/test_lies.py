"""An operator who took in what the law forbids, under its own good signature.

Log, chains and map are consistent and signed; only judging again finds it.
"""

from dataclasses import replace

import pytest

from apps.core.custody import find_rule
from apps.core.custody.said import said_of
from apps.core.epcis import PackEpc, build, event_json
from apps.core.epcis.parts import Handover, Occasion, Units
from apps.core.errors import ProofError
from apps.core.leaf import party_tag
from apps.core.ordinals import Ordinals
from apps.core.recall import parse_scope
from apps.core.statement import Subject
from tests.core.bundle import saying
from tests.core.bundle.history import History
from tests.core.bundle.planning import bundle_of, check
from tests.core.bundle.saying import (
    DAY,
    GTIN,
    NOVAMED,
    REGULATOR,
    RIVER,
    SITES,
    STELLA,
    TAG_KEY,
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


@pytest.fixture
def liar():
    return Liar()


def test_the_liar_tells_the_truth_first(liar):
    liar.deliver(0, 1)
    liar.lie(liar.supply(0), STELLA)
    liar.history.close()

    report = check(bundle_of(liar.history, "A1"), liar.history)

    assert {(p.gln, p.status): p.count for p in report.lots[0].places} == {
        (NOVAMED, "active"): 8,
        (STELLA, "active"): 1,
        (STELLA, "dispensed"): 1,
    }


def test_goods_that_somebody_else_holds_are_not_shipped(liar):
    liar.lie(liar.ship(0, by=TRANSPHARM, to=STELLA), TRANSPHARM)

    assert liar.refused() == (12, "not_in_your_custody")


def test_a_pack_is_not_supplied_twice(liar):
    liar.deliver(0)
    liar.lie(liar.supply(0), STELLA)
    liar.lie(liar.supply(0), STELLA)

    assert liar.refused() == (12, "already_dispensed")


def test_a_wholesaler_does_not_supply(liar):
    ref = liar.history.do(liar.ship(0), NOVAMED)
    liar.history.do(liar.receive(0), TRANSPHARM, (ref,))
    liar.lie(liar.supply(0, by=TRANSPHARM), TRANSPHARM)

    assert liar.refused() == (12, "not_licensed_to_supply")


def test_a_recalled_pack_is_not_supplied(liar):
    liar.deliver(0)
    liar.history.recall({"lots": ["A1"]})
    liar.lie(liar.supply(0), STELLA)

    assert liar.refused() == (12, "recalled")


def test_a_pack_of_a_recall_by_serial_is_not_supplied(liar):
    liar.deliver(0, 1)
    serial = liar.history.serials[liar.tag][0]
    liar.history.recall({"lots": ["A1"], "serials": [serial]})
    liar.lie(liar.supply(1), STELLA)
    liar.lie(liar.supply(0), STELLA)

    assert liar.refused() == (12, "recalled")


def test_a_pack_on_hold_is_not_shipped(liar):
    liar.history.do(build.hold(liar.at(NOVAMED), units=liar.packs(0)), NOVAMED)
    liar.lie(liar.ship(0), NOVAMED)

    assert liar.refused() == (12, "on_hold")


def test_nobody_but_the_addressee_receives(liar):
    ref = liar.history.do(liar.ship(0), NOVAMED)
    liar.lie(liar.receive(0, by=RIVER), RIVER, (ref,))

    assert liar.refused() == (12, "not_addressed_to_you")


def test_no_more_is_received_than_was_shipped(liar):
    ref = liar.history.do(liar.ship(0, 1), NOVAMED)
    liar.lie(liar.receive(0, 1, 2), TRANSPHARM, (ref,))

    assert liar.refused() == (12, "not_in_shipment")


def test_who_is_suspended_gets_no_goods(liar):
    liar.history.license(TRANSPHARM, suspended=True)
    liar.lie(liar.ship(0), NOVAMED)

    assert liar.refused() == (12, "addressee_not_licensed")


def test_a_licence_that_ended_is_ended(liar):
    liar.history.license(TRANSPHARM, to_ms=liar.history.at_ms + 1_500)
    liar.lie(liar.ship(0), NOVAMED)
    liar.lie(liar.ship(1), NOVAMED)

    assert liar.refused() == (12, "addressee_not_licensed")


def test_who_packs_holds_what_is_packed(liar):
    liar.history.do(liar.ship(0), NOVAMED)
    parent = liar.packs(1).epcs[0]
    event = build.pack(liar.at(NOVAMED), container=parent, children=liar.packs(0))
    liar.lie(event, NOVAMED)

    assert liar.refused() == (12, "in_transit")


def test_a_correction_comes_before_the_next_move(liar):
    event = liar.ship(0)
    ref = liar.history.do(event, NOVAMED)
    liar.history.do(liar.receive(0), TRANSPHARM, (ref,))
    back = build.declare_error(
        event, declaration_time_ms=liar.history.at_ms, reason="incorrect_data"
    )
    liar.lie(back, NOVAMED, (ref,))

    assert liar.refused() == (12, "moved_since")


def test_a_supply_is_not_undone_after_ten_days(liar):
    liar.deliver(0)
    event = liar.supply(0)
    ref = liar.lie(event, STELLA)
    liar.history.at_ms += 11 * DAY
    undo = build.declare_error(
        event, declaration_time_ms=liar.history.at_ms, reason="did_not_occur"
    )
    liar.lie(undo, STELLA, (ref,))

    assert liar.refused() == (12, "too_late")


def test_a_statement_is_not_accepted_before_what_it_builds_on(liar):
    ref = liar.history.do(liar.ship(0), NOVAMED)
    liar.history.at_ms -= 5_000
    liar.lie(liar.receive(0), TRANSPHARM, (ref,))

    assert liar.refused() == (12, "accepted_before_parent")


def test_a_set_of_other_units_than_those_named_was_signed(liar):
    liar.lie(liar.ship(0), NOVAMED, units=Ordinals.of([0, 1]))

    assert liar.refused() == (11, "subjects_differ")


def test_serials_are_those_of_the_root(liar):
    name = next(n for n, each in liar.history.said.items() if each.serials)
    serials = liar.history.said[name].serials
    serials[3], serials[4] = serials[4], serials[3]

    assert liar.refused() == (10, "serials_root_differs")


def test_a_key_that_was_revoked_signs_no_more(liar):
    liar.history.enrol(NOVAMED, "nils-02")
    liar.history.revoke(NOVAMED, "nils-02")
    liar.lie(liar.ship(0), NOVAMED, keys=("nils-02",))

    assert liar.refused() == (9, "revoked_key")


def test_a_key_that_nobody_enrolled_signs_nothing(liar):
    liar.lie(liar.ship(0), NOVAMED, keys=("mallory",))

    assert liar.refused() == (9, "unknown_key")


def test_the_key_of_another_party_does_not_speak_for_this_one(liar):
    liar.lie(liar.ship(0), NOVAMED, keys=("tom",))

    assert liar.refused() == (9, "not_of_party")


def test_a_voice_lent_for_one_site_does_not_speak_of_another(liar, monkeypatch):
    event = liar.ship(0)
    monkeypatch.setitem(SITES, NOVAMED, SITES[STELLA])
    liar.lie(event, NOVAMED, lent=NOVAMED)

    assert liar.refused() == (9, "delegation_elsewhere")


def test_a_voice_speaks_no_longer_than_it_was_lent(liar, monkeypatch):
    event = liar.ship(0)
    monkeypatch.setattr(saying, "LENT_MS", 500)
    log = liar.history._log

    def later(*args, **more):
        liar.history.at_ms += 1_000
        return log(*args, **more)

    monkeypatch.setattr(liar.history, "_log", later)
    liar.lie(event, NOVAMED, lent=NOVAMED)

    assert liar.refused() == (9, "delegation_out_of_time")


def test_a_licence_needs_the_authority(liar):
    body = _licence_body(liar)
    subjects = [Subject(party_tag(TAG_KEY, gln=TRANSPHARM))]
    liar.history.say("party.licence", REGULATOR, body, subjects, ("operator",))
    liar.lie(liar.ship(0), NOVAMED)

    assert liar.refused() == (9, "not_of_party")


def _licence_body(liar):
    said = [
        each.statement.body
        for each in liar.history.said.values()
        if each.statement.kind == "party.licence"
        and each.statement.body["gln"] == TRANSPHARM
    ]
    return said[-1]


def test_a_party_is_admitted_once(liar):
    liar.history.enrol(TRANSPHARM, "second-key")
    liar.history.admit(TRANSPHARM)
    liar.lie(liar.ship(0), NOVAMED)

    assert liar.refused() == (9, "enrolled_twice")


def test_only_the_brand_owner_or_a_regulator_recalls(liar):
    liar.history.recall({"lots": ["A1"]}, TRANSPHARM)

    assert liar.refused() == (12, "not_brand_owner")


def test_a_recall_stands_in_the_chain_of_the_lot_that_it_covers(liar):
    scope = {"lots": ["A1", "B9"]}
    liar.history._lots_in = lambda gtin, scope: []
    liar.history.recall(scope)

    assert liar.refused() == (12, "subjects_differ")


def test_a_recall_that_was_closed_is_not_amended(liar):
    ref = liar.history.recall({"lots": ["A1"]})
    liar.history.end_recall(ref)
    liar.history.scopes[ref] = (GTIN, parse_scope({"lots": ["A1"]}))
    liar.history.state.recalls[ref] = None
    liar.history._cover = lambda: None
    liar.history.amend(ref, {"lots": ["A1", "B2"]})

    assert liar.refused() == (12, "recall_closed")


def test_an_answer_speaks_of_what_its_party_held(liar):
    ref = liar.history.recall({"lots": ["A1"]})
    liar.history.held[STELLA, liar.tag] = Ordinals.of([4])
    liar.history.answer(ref, STELLA, liar.tag)

    assert liar.refused() == (12, "never_held")


def test_an_answer_speaks_of_all_that_its_party_held(liar):
    liar.deliver(0, 1)
    ref = liar.history.recall({"lots": ["A1"]})
    liar.history.held[STELLA, liar.tag] = Ordinals.of([0])
    liar.history.answer(ref, STELLA, liar.tag)

    assert liar.refused() == (12, "never_held")


def test_a_recall_names_all_of_its_lots(liar):
    liar.history.commission("B2", 4)
    ref = liar.history.recall({"lots": ["A1", "B2"]})

    assert liar.refused(recall=ref) == (6, "lot_missing")


def test_a_lot_is_the_one_that_its_maker_named(liar, monkeypatch):
    right = liar.history.tag
    monkeypatch.setattr(liar.history, "tag", lambda lot, gtin=GTIN: right("A1"))
    liar.history.close()
    data = bundle_of(liar.history, "A2")

    with pytest.raises(ProofError) as refused:
        check(data, liar.history)

    assert (refused.value.step, refused.value.code) == (10, "wrong_lot")

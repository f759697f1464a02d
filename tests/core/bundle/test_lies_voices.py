"""Lies about who speaks, of recalls and of lots: a bundle shows each of them."""

import pytest

from apps.core.errors import ProofError
from apps.core.leaf import party_tag
from apps.core.ordinals import Ordinals
from apps.core.recall import parse_scope
from apps.core.statement import Subject
from tests.core.bundle import saying
from tests.core.bundle.liar import Liar
from tests.core.bundle.planning import bundle_of, check
from tests.core.bundle.saying import (
    GTIN,
    NOVAMED,
    REGULATOR,
    SITES,
    STELLA,
    TAG_KEY,
    TRANSPHARM,
)


@pytest.fixture
def liar():
    return Liar()


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

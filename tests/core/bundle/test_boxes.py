"""What a lot's own events tell of containers, and what is stated where they do not."""

import re

import pytest

from apps.core.epcis import PackEpc, build, parse_epc
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
)

CASE, CASE_2, PALLET = (
    parse_epc(f"https://id.gs1.org/00/{number}")
    for number in ("095215680000000017", "095215680000000024", "095215680000000031")
)


class Goods:
    """Novamed's goods, told step by step."""

    def __init__(self):
        self.history = History(1).begin()
        self.history.commission("A1", 10)
        self.history.commission("B2", 10)

    def packs(self, lot, *ordinals):
        names = self.history.serials[self.history.tag(lot).hex()]
        return [PackEpc(GTIN, names[n]) for n in ordinals]

    def _at(self, gln):
        return Occasion(self.history.at_ms - 500, SITES[gln], "+01:00")

    def open(self, *boxes, by=NOVAMED):
        for box in boxes:
            event = build.commission_container(self._at(by), container=box)
            self.history.do(event, by)

    def pack(self, parent, *children, by=NOVAMED):
        event = build.pack(self._at(by), container=parent, children=Units(children))
        return self.history.do(event, by)

    def unpack(self, parent, *children, by=NOVAMED):
        event = build.unpack(self._at(by), container=parent, children=Units(children))
        return self.history.do(event, by)

    def ship(self, *things, by=NOVAMED, to=TRANSPHARM):
        handover = Handover(by, SITES[by], to, SITES[to])
        event = build.ship(self._at(by), units=Units(things), handover=handover)
        return self.history.do(event, by)

    def receive(self, ref, *things, by=TRANSPHARM, source=NOVAMED):
        handover = Handover(source, SITES[source], by, SITES[by])
        event = build.receive(self._at(by), units=Units(things), handover=handover)
        return self.history.do(event, by, (ref,))

    def sets(self, *lots):
        """(derived, stated), after the bundle was found to agree with the whole law."""
        self.history.close()
        report = check(bundle_of(self.history, *lots), self.history)
        for lot in report.lots:
            places = self.history.places(self.history.tag(lot.lot))
            found = {(p.gln, p.site, p.status): p.count for p in lot.places}
            assert found == dict(places)
        text = next(each.text for each in report.findings if each.step == 11)
        return tuple(map(int, re.findall(r"\d+", text)))


@pytest.fixture
def goods():
    return Goods()


def test_a_packed_and_nested_case_needs_nothing_stated(goods):
    goods.open(CASE, PALLET)
    goods.pack(CASE, *goods.packs("A1", 0, 1, 2))
    goods.pack(PALLET, CASE)
    ref = goods.ship(PALLET)
    goods.receive(ref, PALLET)

    assert goods.sets("A1") == (4, 0)


def test_a_case_that_was_nested_while_it_was_empty_is_stated(goods):
    """Nesting empty containers moves no pack: it stands in the party's chain alone."""
    goods.open(CASE, PALLET)
    goods.pack(PALLET, CASE)
    goods.pack(CASE, *goods.packs("A1", 0, 1))
    ref = goods.ship(PALLET)
    goods.receive(ref, PALLET)

    assert goods.sets("A1") == (1, 2)


def test_a_pallet_of_two_lots_shows_each_lot_its_own_units(goods):
    goods.open(PALLET)
    goods.pack(PALLET, *goods.packs("A1", 0, 1), *goods.packs("B2", 5))
    ref = goods.ship(PALLET)
    goods.receive(ref, PALLET)

    assert goods.sets("A1") == (3, 0)
    assert goods.sets("B2") == (3, 0)
    assert goods.sets("A1", "B2") == (6, 0)


def test_a_receipt_of_another_lot_takes_units_out_unseen(goods):
    """B2's pack arrives with the pallet; A1's packs stay under way and are loose."""
    goods.open(PALLET)
    goods.pack(PALLET, *goods.packs("A1", 0, 1), *goods.packs("B2", 5))
    ref = goods.ship(PALLET)
    goods.receive(ref, *goods.packs("B2", 5))
    goods.receive(ref, *goods.packs("A1", 0, 1))
    goods.ship(*goods.packs("A1", 0), by=TRANSPHARM, to=STELLA)
    goods.pack(PALLET, *goods.packs("A1", 1), by=TRANSPHARM)
    goods.ship(PALLET, by=TRANSPHARM, to=STELLA)

    # A1's own events do not tell that its packs left the pallet before they came.
    assert goods.sets("A1") == (5, 1)
    assert goods.sets("A1", "B2") == (10, 0)


def test_a_container_that_others_filled_and_carried_is_not_missed(goods):
    """Between A1's two journeys the case travelled with B2 alone."""
    goods.open(CASE)
    goods.pack(CASE, *goods.packs("A1", 0))
    goods.unpack(CASE)
    goods.pack(CASE, *goods.packs("B2", 0))
    goods.receive(goods.ship(CASE), CASE)
    goods.receive(goods.ship(*goods.packs("A1", 0)), *goods.packs("A1", 0))
    goods.unpack(CASE, by=TRANSPHARM)
    goods.pack(CASE, *goods.packs("A1", 0), by=TRANSPHARM)
    goods.ship(CASE, by=TRANSPHARM, to=STELLA)

    assert goods.sets("A1") == (6, 0)


def test_cases_that_were_nested_the_other_way_round_unseen(goods):
    goods.open(CASE, CASE_2)
    goods.pack(CASE_2, *goods.packs("A1", 0))
    goods.pack(CASE, CASE_2)
    goods.unpack(CASE_2, *goods.packs("A1", 0))
    goods.unpack(CASE)  # both are empty: the party's chain alone
    goods.pack(CASE_2, CASE)
    goods.pack(CASE, *goods.packs("A1", 1))
    goods.ship(CASE_2)

    # What is thought to be in the second case is what its own events put there.
    assert goods.sets("A1") == (4, 1)


def test_a_part_that_was_received_leaves_the_rest_of_the_case_under_way(goods):
    goods.open(CASE, PALLET)
    goods.pack(CASE, *goods.packs("A1", 0, 1, 2, 3))
    goods.pack(PALLET, CASE)
    ref = goods.ship(PALLET)
    goods.receive(ref, *goods.packs("A1", 0, 1))
    goods.ship(PALLET, by=TRANSPHARM, to=STELLA)
    goods.receive(ref, *goods.packs("A1", 2, 3))

    assert goods.sets("A1") == (6, 0)


def test_a_set_that_follows_from_the_names_is_not_stated_besides(goods):
    goods.open(CASE, PALLET)
    goods.pack(PALLET, CASE)
    goods.pack(CASE, *goods.packs("A1", 0, 1))
    goods.ship(PALLET)
    goods.history.close()
    stated = b'"ranges":{"%b":[[0,1]]},' % goods.history.tag("A1").hex().encode()

    data = bundle_of(goods.history, "A1", tamper=lambda line: line.replace(stated, b""))
    with pytest.raises(ProofError) as refused:
        check(data, goods.history)

    assert (refused.value.step, refused.value.code) == (11, "subjects_differ")

"""Clean bundles of random histories: never a false alarm, and the whole law's answer."""

import pytest

from tests.core.bundle.acts import random_history
from tests.core.bundle.planning import bundle_of, check
from tests.core.bundle.saying import GTIN, OTHER_GTIN, STELLA, TAG_KEY, TRANSPHARM

pytestmark = pytest.mark.usefixtures("untraced")

_LOTS = (
    [("A1", GTIN)],
    [("B2", GTIN)],
    [("A1", GTIN), ("B2", GTIN), ("C3", OTHER_GTIN)],
)


@pytest.mark.parametrize("seed", range(34))
def test_a_clean_bundle_holds_and_says_where_the_whole_law_has_each_unit(seed):
    history = random_history(seed, steps=70)

    for lots in _LOTS:
        report = check(bundle_of(history, *lots), history, tag_key=TAG_KEY)

        found = {
            (lot.lot, each.gln, each.site, each.status): each.count
            for lot in report.lots
            for each in lot.places
        }
        wanted = {
            (lot, *place): count
            for lot, gtin in lots
            for place, count in history.places(history.tag(lot, gtin)).items()
        }
        assert found == wanted
        assert not any(each.is_doubtful for each in report.findings)


@pytest.mark.parametrize("seed", range(6))
def test_recalled_units_and_units_on_hold_are_those_of_the_whole_law(seed):
    history = random_history(seed, steps=150)

    report = check(bundle_of(history, "A1", "B2"), history)

    for lot in report.lots:
        batch = history.state.batches[history.tag(lot.lot).hex()]
        held = {n for units in batch.held.values() for n in units}
        assert (lot.recalled, lot.held) == (len(batch.recalled), len(held))
        rows = list(lot.units())
        assert [row[0] for row in rows] == history.serials[batch.tag]
        assert {n for n, row in enumerate(rows) if row[4]} == set(batch.recalled)
        assert {n for n, row in enumerate(rows) if row[5]} == held


@pytest.mark.parametrize("seed", range(6))
def test_a_redacted_bundle_holds_for_each_reader(seed):
    history = random_history(seed, steps=80)

    for reader in (TRANSPHARM, STELLA):
        data = bundle_of(history, "A1", form="redacted", reader=reader)
        report = check(data, history, tag_key=TAG_KEY)

        assert report.lots == ()
        assert len(report.links) == len(
            [x for x in history.ledger.leaves if x.subject_tag == history.tag("A1")]
        )


def test_building_twice_gives_the_same_bytes():
    one, two = (bundle_of(random_history(3), "A1", "B2") for _ in range(2))

    assert one == two

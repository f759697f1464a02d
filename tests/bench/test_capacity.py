"""The capacity page: its formulae, and that it says what the script prints."""

import pytest

from tests.bench.capacity import (
    BEGIN,
    END,
    PAGE,
    WEIGHTS,
    YEAR_SECONDS,
    Country,
    Weight,
    add_up,
    needs,
    read_weights,
    tables,
)

STEPS = Country(packs=0).steps()
LIGHT = {name: Weight(0.0, 0.0, 0.0, 0.0) for name in STEPS}


def test_the_page_says_what_the_script_prints():
    page = PAGE.read_text(encoding="utf-8")
    said = page.split(BEGIN)[1].split(END)[0]

    assert said == tables(Country(packs=0), [1e9, 1e10], WEIGHTS)


def test_ten_billion_packs_are_317_a_second_and_ten_times_that_at_the_peak():
    found = needs(Country(packs=1e10), LIGHT)
    commissioned = next(n for n in found if n.step == "pack commissioned")

    assert round(commissioned.per_second) == 317
    assert {n.per_second for n in needs(Country(packs=0), LIGHT)} == {0}


def test_a_pack_is_scanned_as_often_and_dispensed_once():
    steps = Country(packs=1, scans=3.2, alone=0.25).steps()

    assert steps["pack scanned"] == 3.2
    assert steps["pack dispensed alone"] + steps["pack dispensed by shift"] == 1
    assert steps["pallet moved"] == pytest.approx(2 * (3 / 1920 + 1 / 48))


def test_one_step_of_a_second_fills_cores_at_the_peak_half_loaded():
    weights = LIGHT | {"pack commissioned": Weight(1.0, 0.5, 100.0, 10.0)}
    country = Country(packs=YEAR_SECONDS, peak=10, load=0.5, years=2, cold_years=1)

    total = add_up(country, needs(country, weights), archived=4.0)

    assert (total.site_cores, total.server_cores) == (20, 10)
    assert total.wal_megabytes_per_second == pytest.approx(0.001)
    assert total.wal_terabytes_per_year == pytest.approx(YEAR_SECONDS * 100 / 1e12)
    # Two years of ten bytes, less four for the year that went cold.
    assert total.disk_terabytes == pytest.approx(YEAR_SECONDS * (20 - 4) / 1e12)


def test_twice_the_packs_are_twice_the_need():
    weights, _ = read_weights(WEIGHTS)
    one, two = (needs(Country(packs=packs), weights) for packs in (1e9, 2e9))

    for once, twice in zip(one, two, strict=True):
        assert twice.site_cores == pytest.approx(2 * once.site_cores)
        assert twice.disk_bytes_per_year == pytest.approx(2 * once.disk_bytes_per_year)


def test_every_step_was_weighed():
    weights, _ = read_weights(WEIGHTS)

    assert set(weights) == set(STEPS)

"""A filter above goods that are being chosen drops nothing that was chosen."""

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def page(stage, open_page):
    return open_page(stage.show("/ship", "rows.html"))


def seen(page):
    rows = page.locator("tbody tr").all()
    return [number for number, row in enumerate(rows, 1) if row.is_visible()]


def test_the_list_follows_what_is_typed(page):
    page.fill("#q", "cardiol")
    assert seen(page) == [2]

    page.fill("#q", "3 95215680")
    assert seen(page) == [1]

    page.fill("#q", "")
    assert seen(page) == [1, 2, 3]


def test_what_is_chosen_stays_in_sight_and_chosen(page, stage):
    page.get_by_label("Case 1").check()
    page.get_by_label("Packs").fill("4")
    asked = len(stage.asked)
    page.fill("#q", "cardiol")
    page.get_by_role("button", name="Filter").click()

    assert seen(page) == [1, 2, 3]
    assert page.get_by_label("Case 1").is_checked()
    assert page.get_by_label("Packs").input_value() == "4"
    assert len(stage.asked) == asked


def test_another_site_is_asked_for(page, stage):
    page.select_option("#site", "2")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**/ship?site=2&q=")

    assert "/ship?site=2&q=" in stage.asked

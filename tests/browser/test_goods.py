"""Goods handed over in the browser: Novamed ships two cases, Transpharm gets one.

The keys are the partners' own, read from their files by the browsers.
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from apps.custody import queries
from apps.custody.models import Container, Discrepancy, Shipment
from pharmatrace.demo.cast import AMOXIL, NOVAMED, TRANSPHARM, Player
from pharmatrace.demo.signing import Keyring
from tests.cast import keyring, stage_of_today
from tests.custody.goods import Goods, box, pack, packs, serials, sscc

__all__ = ["keyring"]


@pytest.fixture
def goods(transactional_db: None, keyring: Keyring) -> Goods:
    told = Goods(stage_of_today(keyring))
    told.commission()
    told.fill(1, serials(24))
    told.fill(2, serials(24, start=24))
    return told


@pytest.fixture
def sit_down(
    goods: Goods, login: Callable[[Any], None], page: Page
) -> Callable[[Player], Page]:
    """`sit_down(player)`: log in as its admin and take the key from its file."""

    def at_the_desk(player: Player) -> Page:
        login(goods.stage.actor(player).user)
        name = f"{player.admin.first_name.lower()}.pem"
        page.goto("/device")
        page.get_by_label("Key file (PEM)").set_input_files(
            goods.stage.keyring.directory / player.slug / name
        )
        page.get_by_role("button", name="Keep this key in the browser").click()
        expect(page.get_by_text("The key is in this browser now")).to_be_visible()
        return page

    return at_the_desk


def scan(page: Page, text: str) -> None:
    """A hand scanner's burst, as the wedge announces it."""
    page.evaluate(
        """(text) => document.dispatchEvent(
             new CustomEvent("scan", { detail: { text }, cancelable: true }))""",
        text,
    )


def sign(page: Page, label: str) -> None:
    page.get_by_role("button", name="Show what will be signed").click()
    page.get_by_role("button", name=label).click()
    expect(page.get_by_text("Recorded as")).to_be_visible()


def test_two_cases_are_shipped_and_one_of_them_received(
    sit_down: Callable[[Player], Page],
) -> None:
    page = sit_down(NOVAMED)
    page.goto("/ship")
    scan(page, f"00{sscc(1)}")
    page.get_by_label(f"Container {sscc(2)}").check()
    page.get_by_label("Loose packs of lot A1 to send").fill("2")
    expect(page.locator("[data-goods-say]")).to_have_text(
        "2 containers and 2 packs (50 packs)"
    )
    page.get_by_label("Addressee and site").select_option(
        label="Transpharm · Transpharm hub Karlsruhe"
    )
    page.get_by_label("Purchase order (optional)").fill("PO-77")
    sign(page, "Sign and ship 2 containers and 2 packs to Transpharm")
    despatch = Shipment.objects.get()
    assert [line.sent_count for line in despatch.lines.all()] == [50]

    page = sit_down(TRANSPHARM)
    page.goto("/receive")
    page.get_by_role("link", name="Receive Amoxil 500 mg A1").click()
    expect(page.locator("[data-receive-expected]")).to_have_text("50")
    scan(page, sscc(1))
    scan(page, pack("S000030"))  # of the other case, found by asking the site
    expect(page.locator(f"[data-sscc='{sscc(2)}']")).to_contain_text("1 / 24")
    scan(page, sscc(99))
    expect(page.get_by_text("set them aside")).to_be_visible()
    expect(page.locator("[data-receive-came]")).to_have_text("25")
    sign(page, "Sign and receive 25 of 50 packs")
    expect(page.get_by_text("Shortage")).to_be_visible()
    expect(page.get_by_text("25 packs of Amoxil 500 mg, lot A1")).to_be_visible()

    (gap,) = Discrepancy.objects.all()
    assert (gap.kind, gap.count) == ("shortage", 25)
    assert Container.objects.get(epc=box(1)).holder == TRANSPHARM.gln
    unit = queries.find_unit(gtin=AMOXIL.gtin, serial="S000030")
    assert unit is not None
    assert (unit.holder, unit.container) == (TRANSPHARM.gln, box(2))
    page.get_by_role("link", name="Open the despatch").click()
    expect(page.get_by_text("25 packs missing")).to_be_visible()


def test_a_lot_is_packed_as_planned(sit_down: Callable[[Player], Page]) -> None:
    page = sit_down(NOVAMED)
    page.goto("/pack")
    page.get_by_role("link", name="Pack into cases A1").click()
    page.get_by_label("Packs in a case").fill("20")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name="Sign and pack 40 packs into 2 cases").click()
    expect(page.get_by_text("Recorded as")).to_be_visible()

    assert Container.objects.filter(holder=NOVAMED.gln).count() == 4
    assert (
        sum(line.count for line in Container.objects.get(epc=box(3)).lines.all()) == 20
    )


def test_scanned_packs_fill_a_new_container(sit_down: Callable[[Player], Page]) -> None:
    page = sit_down(NOVAMED)
    page.goto("/pack")
    page.get_by_role("button", name="Scan into this container").click()
    expect(page.get_by_role("button", name="Show what will be signed")).to_be_visible()
    scan(page, pack("S000050"))
    scan(page, pack("S000051"))
    scan(page, pack("S000051"))
    expect(page.locator("[data-goods-say]")).to_contain_text("Already in the list")
    sign(page, "Sign and pack")

    assert [line.count for line in Container.objects.get(epc=box(3)).lines.all()] == [2]


def test_the_pages_are_accessible(
    goods: Goods,
    login: Callable[[Any], None],
    page: Page,
    context: BrowserContext,
    assert_accessible: Callable[[Page], None],
) -> None:
    ref = goods.ship([box(1), *packs(serials(2, start=60))])
    back = goods.ship(packs(serials(3, start=70)))
    goods.receive(back, items=packs(serials(2, start=70)))
    lot = f"gtin={AMOXIL.gtin}&lot=A1&size=24"
    pages = {
        NOVAMED: (
            *("/stock", "/pack", f"/pack/lot?{lot}", f"/pack/into?first={sscc(2)}"),
            *("/ship", "/shipments", f"/shipments/{back}"),
            *(f"/batches/{AMOXIL.gtin}/A1", f"/containers/{sscc(2)}"),
        ),
        TRANSPHARM: ("/receive", f"/receive/{ref}", "/returns", "/stock?q=none"),
    }

    for player, paths in pages.items():
        login(goods.stage.actor(player).user)
        for path in paths:
            page.goto(path)
            assert page.get_by_role("heading", level=1).count() == 1, path
            assert_accessible(page)

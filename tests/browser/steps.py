"""What people do on the pages, step by step, each with what they read before they sign."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from apps.intake.tasks import check_upload
from apps.jobs.models import Outbox
from pharmatrace.demo.cast import AMOXIL, NOVAMED, Player
from tests.custody.goods import sscc

NAMES = [f"BRW{number:06}" for number in range(96)]
LOT = "B-77"


def sign(page: Page, *, says: str) -> None:
    """Read the sentence, sign it, see the receipt."""
    review = page.locator("[data-sign-review]")
    if review.is_visible():
        review.click()
    expect(page.locator("[data-sign-words]").first).to_contain_text(says)
    page.locator("[data-sign-go]").first.click()
    expect(page.locator("[data-sign-receipt]").first).not_to_be_empty()
    expect(page.locator("[data-sign-problem]").first).to_be_empty()


def make(nora: Page) -> None:
    """A file of serials is sent, checked by the job and commissioned."""
    nora.goto(f"/uploads/new?gtin={AMOXIL.gtin}")
    nora.select_option("#id_gtin", AMOXIL.gtin)
    nora.fill("#id_lot", LOT)
    nora.fill("#id_expiry_date", "2029-02-28")
    rows = "\n".join(["serial", *NAMES, ""]).encode()
    file = {"name": "lot.csv", "mimeType": "text/csv", "buffer": rows}
    nora.set_input_files("#id_file", file)
    nora.click("main button.large")
    nora.wait_for_selector("#progress")
    for row in Outbox.objects.filter(task="intake.check_upload", done_at=None):
        check_upload(outbox_id=row.pk, **row.kwargs)
    nora.wait_for_selector("[data-sign-panel]")
    sign(nora, says="commissions 96 packs")


def pack(nora: Page) -> None:
    """Four cases of 24, by one signature."""
    site = NOVAMED.sites[0].gln
    nora.goto(f"/pack/lot?gtin={AMOXIL.gtin}&lot={LOT}&site={site}")
    nora.get_by_role("button", name="Show the plan").click()
    nora.wait_for_selector("[data-sign-panel]")
    sign(nora, says="Novamed")


def ship(page: Page, *cases: int, to: Player) -> None:
    """Cases are ticked and addressed."""
    page.goto("/ship")
    for number in cases:
        page.get_by_label(f"Container {sscc(number)}").check()
    value = page.locator("#to option", has_text=to.name).first.get_attribute("value")
    page.select_option("#to", value)
    sign(page, says=f"to {to.name}")


def receive_part(page: Page, case: int) -> None:
    """One of two cases came: the other becomes a typed discrepancy."""
    _open_receipt(page)
    page.fill("#receive-typed", sscc(case))
    page.press("#receive-typed", "Enter")
    expect(page.locator("[data-receive-missing]")).to_have_text("24")
    sign(page, says="receives 24 packs")
    expect(page.get_by_text("Shortage")).to_be_visible()
    expect(page.get_by_text(f"24 packs of Amoxil 500 mg, lot {LOT}")).to_be_visible()


def receive_all(page: Page) -> None:
    """The despatch is accepted as listed."""
    _open_receipt(page)
    page.click("[data-receive-all]")
    sign(page, says="receives 24 packs")


def _open_receipt(page: Page) -> None:
    page.goto("/receive")
    page.locator("main a[href^='/receive/']").first.click()
    page.wait_for_selector("[data-receive-all]")
    page.wait_for_load_state()


def unpack(page: Page, case: int) -> None:
    """Everything comes out of a case; the container stays, empty."""
    page.goto(f"/containers/{sscc(case)}")
    page.locator("summary", has_text="Unpack").click()
    sign(page, says="takes 24 packs")
    page.reload()
    expect(page.get_by_text("This container is empty")).to_be_visible()


def scan(page: Page, name: str, *, verdict: str) -> None:
    """The verdict over a pack, as its DataMatrix is read."""
    # Keys by a real wedge are tested apart; a busy machine types them too slowly here.
    page.goto("/scan?" + urlencode({"code": f"]d201{AMOXIL.gtin}21{name}"}))
    expect(page.locator("h1")).to_contain_text(verdict, ignore_case=True)


def dispense(page: Page, name: str) -> None:
    """The pack goes over the counter, and is held from then on."""
    scan(page, name, verdict="DISPENSE")
    sign(page, says="supplies 1 pack")
    scan(page, name, verdict="HOLD")


def undo_dispense(page: Page, name: str) -> None:
    """A supply that did not occur is taken back."""
    scan(page, name, verdict="HOLD")
    page.get_by_role("link", name="Take the supply back").click()
    page.wait_for_load_state()
    sign(page, says="takes back the supply of 1 pack")
    scan(page, name, verdict="DISPENSE")


def recall(nora: Page) -> None:
    """The lot is recalled."""
    nora.goto(f"/recalls/new?gtin={AMOXIL.gtin}&lot={LOT}")
    nora.select_option("#gtin", AMOXIL.gtin)
    nora.fill("#lots", LOT)
    nora.fill("#reason", "Wrong leaflet")
    sign(nora, says="recalls")


def export_affected(nora: Page, *, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The table of affected packs as the browser saved it."""
    nora.goto("/recalls")
    nora.locator("main th a").first.click()
    with nora.expect_download() as saved:
        nora.get_by_role("link", name="Export CSV").click()
    assert saved.value.suggested_filename.endswith(".csv")
    text = Path(saved.value.path()).read_text(encoding="utf-8-sig")
    rows = csv.DictReader(io.StringIO(text))
    return [tuple(row[name] for name in columns) for row in rows]


def download_proof(page: Page, name: str, *, folder: Path) -> tuple[Path, Path]:
    """The proof of what was last said of a pack, and the policy to judge it by."""
    page.goto("/scan?" + urlencode({"code": f"]d201{AMOXIL.gtin}21{name}"}))
    page.get_by_role("link", name="Statement and proof").click()
    expect(page.get_by_text("Sealed and published")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download the proof").click()
    proof, policy = folder / saved.value.suggested_filename, folder / "policy"
    saved.value.save_as(proof)
    policy.write_bytes(page.request.get("/log/policy").body())
    return proof, policy

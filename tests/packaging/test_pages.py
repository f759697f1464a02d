"""Pages of the packaging line, as people of the maker see them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.packaging.models import Aggregation, LabelRun
from apps.partners.models import MemberRole, Membership
from apps.pools.models import Pool
from tests.cast import AMOXIL
from tests.intake.world import EXPIRY
from tests.packaging.line import SITE
from tests.packaging.packing import PACKS, csv, lot_file

pytestmark = pytest.mark.slow


@pytest.fixture
def page(nora):
    """The text of a page, and its status."""

    def get(path, **form):
        answer = nora.post(path, form) if form else nora.get(path)
        return answer.status_code, answer.content.decode()

    return get


def test_empty_lists_say_what_to_do_next(line, page, nora):
    for path, words in (
        ("/pools", "Reserve serials"),
        ("/aggregations", "File of packing"),
        ("/label-runs", "No label run yet"),
    ):
        status, text = page(path)
        assert (status, words in text) == (200, True), path
    assert f'<option value="{AMOXIL.gtin}"' in page("/pools")[1]

    Membership.objects.update(role=MemberRole.MEMBER)
    for path in ("/pools", "/aggregations"):
        text = page(path)[1]
        assert "Somebody who may sign" in text
        assert "<button class=" not in text.partition("<main")[2].partition("</main")[0]
    assert nora.get("/pools/new").status_code == 403


def test_a_refused_reservation_keeps_what_was_typed(line, page):
    status, text = page("/pools/new", gtin=AMOXIL.gtin, size="1,000", length="8")

    assert status == 400
    assert 'value="1,000"' in text
    assert "Serials this short could be guessed" in text
    assert not Pool.objects.exists()


def test_a_pool_s_page_shows_its_odds_counts_and_refusals(line, page):
    pool = line.reserve(10)
    path = f"/pools/{pool.pk}"

    status, text = page(path)
    assert status == 200
    assert "1 in 4.3 × 10²², with 10 valid serials" in text
    assert "Name the lot below" in text
    assert page(f"{path}/move", to="named", lot="L1", expiry_date=EXPIRY)[0] == 302
    assert page(f"{path}/move", to="printed", numbers="1-3, 5")[0] == 302
    status, text = page(f"{path}/move", to="destroyed", numbers="3 - 12", reason="x")
    assert status == 400
    assert "The number is out of range" in text
    assert 'value="3 - 12"' in text
    status, text = page(f"{path}/move", to="printed", numbers="5-6")
    assert "number 5 is printed" in text
    assert line.counts(pool) == (6, 4, 0, 0)
    assert page(f"{path}/commission", site=SITE, numbers="9")[0] == 400
    assert page(f"{path}/commission", site=SITE)[0] == 302


def test_labels_are_ordered_and_fetched_on_pages(line, page, nora):
    pool = line.reserve(4, lot="L1", expiry_date=EXPIRY)
    order = {"pool": str(pool.pk), "kind": "csv"}

    status, text = page("/label-runs/new", **order, count="5")
    assert (status, "There are not so many" in text) == (400, True)
    assert page("/label-runs/new", **order, count="2")[0] == 302
    run = LabelRun.objects.get()
    assert "Waiting to be made" in page(f"/label-runs/{run.pk}")[1]
    line.work()
    assert "Download the labels" in page(f"/label-runs/{run.pk}")[1]
    answer = nora.get(f"/label-runs/{run.pk}/file")
    assert b"".join(answer.streaming_content).count(b"\n") == 3
    assert nora.post(f"/label-runs/{run.pk}/again").status_code == 409
    assert nora.get(f"/label-runs/{run.pk}/progress")["HX-Refresh"] == "true"


def test_a_file_of_packing_is_sent_and_mended_on_pages(line, page, nora):
    line.lot(*PACKS)
    form = {"gtin": AMOXIL.gtin, "lot": "A123", "site": SITE}

    def send(text, **changes):
        file = SimpleUploadedFile("packing.csv", text.encode())
        return nora.post("/aggregations/new", form | {"file": file} | changes)

    assert send(lot_file(), lot="A B").status_code == 400
    assert not Aggregation.objects.exists()
    place = send(csv(("", "12345", "S001")))["Location"]
    line.work()
    text = page(place)[1]
    assert "Mend these lines" in text
    assert "bad_length" in nora.get(f"{place}/errors.csv").content.decode()
    place = send(lot_file())["Location"]
    line.work()
    text = page(place)[1]
    assert "Sign and pack 11 packs" in text
    assert nora.post(f"{place}/cancel").status_code == 302
    assert "Cancelled" in page(place)[1]

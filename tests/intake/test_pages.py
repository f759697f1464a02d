"""Pages of the bulk door, as people of the cast see them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.intake.models import Upload
from tests.cast import AMOXIL, NOVAMED, TRANSPHARM
from tests.intake.world import EXPIRY, LOT, serials

NO_SUCH = "/uploads/00000000-0000-4000-8000-000000000000"


@pytest.fixture
def nora(world, client):
    """Novamed's admin in her browser."""
    client.force_login(world.stage.actor(NOVAMED).user)
    return client


@pytest.fixture
def tom(world, client_class):
    """The wholesaler's admin."""
    browser = client_class()
    browser.force_login(world.stage.actor(TRANSPHARM).user)
    return browser


@pytest.fixture
def client_class(client):
    return type(client)


def _send(browser, content, **changes):
    file = SimpleUploadedFile("lot.csv", content)
    return browser.post("/uploads/new", LOT | {"file": file} | changes)


def test_an_empty_list_offers_the_form(nora):
    page = nora.get("/uploads").content.decode()

    assert "No file yet" in page
    assert f'<option value="{AMOXIL.gtin}"' in page
    assert NOVAMED.sites[0].gln in page


def test_a_file_sent_by_the_form_leads_to_its_page(nora):
    answer = _send(nora, serials(3))

    upload = Upload.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/uploads/{upload.id}")


def test_a_refused_form_keeps_what_was_typed(nora):
    answer = _send(nora, serials(3), lot="A B")

    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="A B"' in page
    assert 'aria-invalid="true"' in page
    assert "A character that GS1 does not allow here" in page
    assert not Upload.objects.exists()


def test_the_page_shows_the_check_and_asks_again(nora, world):
    _send(nora, serials(3))

    page = nora.get(f"/uploads/{Upload.objects.get().id}").content.decode()

    assert 'hx-trigger="every 1s"' in page
    assert "Waiting for the check" in page


def test_the_progress_part_ends_by_loading_the_page_anew(nora, world):
    _send(nora, serials(3))
    part = f"/uploads/{Upload.objects.get().id}/progress"

    before = nora.get(part)
    world.work()
    after = nora.get(part)

    assert "HX-Refresh" not in before
    assert after["HX-Refresh"] == "true"
    assert "hx-get" not in after.content.decode()


def test_errors_stand_by_line_with_their_row(nora, world):
    upload = world.check(b"serial\nA1\n<b>x</b>#\n")

    page = nora.get(f"/uploads/{upload.id}").content.decode()

    assert "A character that GS1 does not allow here" in page
    assert "&lt;b&gt;x&lt;/b&gt;#" in page
    assert "<b>x</b>" not in page
    assert f"/uploads/{upload.id}/errors.csv" in page
    assert f"lot=A123&amp;expiry_date={EXPIRY}" in page


def test_a_staged_upload_shows_what_to_sign(nora, world):
    upload = world.check(serials(1_234))

    page = nora.get(f"/uploads/{upload.id}").content.decode()

    assert f'data-draft-url="/api/v1/uploads/{upload.id}/statement"' in page
    assert 'data-sign-next="/batches/09521568251204/A123"' in page
    assert "js/sign.js" in page
    assert 'data-sign-next-label="Open lot A123"' in page


def test_what_is_over_with_the_signature_is_marked(nora, world):
    upload = world.check(serials(3))

    page = nora.get(f"/uploads/{upload.id}")
    text = page.content.decode()

    assert page.context["page"].site_name
    assert f"{page.context['page'].site_name} · <code" in text
    assert "js/outcome.js" in text
    cancel = f'action="/uploads/{upload.id}/cancel" data-until-signed>'
    assert cancel in text
    assert "<p data-until-signed>" in text
    assert '<p data-when-signed hidden role="status">' in text


def test_after_the_signature_the_page_leads_to_the_batch(nora, world):
    upload = world.check(serials(3))
    name = world.commission(upload).json["statement_id"]

    page = nora.get(f"/uploads/{upload.id}").content.decode()

    assert f"/ledger/statements/{name}" in page
    assert "/batches/09521568251204/A123" in page
    assert "Cancel this upload" not in page


def test_an_open_upload_is_cancelled_by_its_button(nora, world):
    upload = world.check(serials(3))

    answer = nora.post(f"/uploads/{upload.id}/cancel")

    upload.refresh_from_db()
    assert (answer.status_code, upload.state) == (302, "cancelled")


@pytest.mark.parametrize("suffix", ["", "/progress", "/errors.csv"])
def test_foreign_and_missing_uploads_look_the_same(tom, world, suffix):
    upload = world.check(b"a b\n")

    foreign, missing = (
        tom.get(f"/uploads/{upload.id}{suffix}"),
        tom.get(NO_SUCH + suffix),
    )

    assert foreign.status_code == missing.status_code == 404
    assert tom.post(f"/uploads/{upload.id}/cancel").status_code == 404
    assert str(upload.id) not in tom.get("/uploads").content.decode()


@pytest.mark.parametrize("path", ["/uploads", "/uploads/new", NO_SUCH])
def test_a_stranger_is_led_to_log_in(db, client, path):
    answer = client.get(path)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_the_list_shows_state_and_figures(nora, world):
    world.check(serials(3))
    world.check(b"a b\n", lot="B2")

    page = nora.get("/uploads").content.decode()

    assert "Ready to sign" in page
    assert "Refused" in page

"""Files for a lot that an open recall covers: refused, unless its maker says so."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.custody.models import RecallScope, SerialNumber, Staging
from apps.intake.models import Upload
from tests.cast import AMOXIL, NOVAMED
from tests.intake.world import LOT, serials

KNOWN = {"into_recalled_lot": "true"}


def recall(world, **scope):
    answer = world.novamed.act(
        {
            "kind": "recall.open",
            "gtin": AMOXIL.gtin,
            "scope": scope or {"lots": ["A123"]},
            "class": "II",
            "reason": "Wrong leaflet.",
            "instructions": "Keep apart.",
            "depth": "retail",
        }
    )
    assert answer.status == 201
    return answer.json["statement_id"]


def test_a_file_for_a_recalled_lot_is_refused_at_the_door(world):
    recall(world)

    answer = world.novamed.upload(serials(3), **LOT)
    other = world.check(serials(3), lot="B2")

    assert (answer.status, answer.json["code"], answer.json["field"]) == (
        400,
        "lot_recalled",
        "lot",
    )
    assert Upload.objects.get() == other
    assert not other.is_born_recalled


def test_packs_that_exist_are_registered_as_recalled_when_their_maker_says_so(world):
    opened = recall(world)

    upload = world.check(serials(3), **KNOWN)
    answer = world.commission(upload)

    assert (upload.is_born_recalled, answer.status) == (True, 201)
    scope = RecallScope.objects.get()
    assert (scope.recall_id, scope.is_whole) == (opened, True)
    assert SerialNumber.objects.count() == 3


def test_a_recall_that_comes_before_the_check_refuses_the_file(world):
    upload = world.send(serials(3))
    recall(world)

    world.work()

    upload.refresh_from_db()
    assert upload.state == "refused"
    assert world.errors(upload) == [(0, "lot_recalled", "lot")]
    assert not Staging.objects.exists()


def test_a_recall_that_comes_after_the_check_gives_nothing_to_sign(world):
    upload = world.check(serials(3))
    recall(world)

    refused = world.draft(upload)
    again = world.send(serials(3), **KNOWN)
    answer = world.commission(upload)

    assert (refused.status, refused.json["code"]) == (400, "lot_recalled")
    assert (again.id, answer.status) == (upload.id, 201)
    assert RecallScope.objects.get().is_whole


def test_a_recall_of_single_serials_names_their_lines(world):
    recall(world, ranges=[["S00000002", "S00000003"]])

    upload = world.check(serials(5))
    other = world.check(serials(2, start=7))

    assert world.errors(upload) == [
        (3, "serial_recalled", "serial"),
        (4, "serial_recalled", "serial"),
    ]
    assert other.state == "staged"


def test_single_serials_may_be_registered_as_recalled_too(world):
    recall(world, serials=["S00000002"])

    upload = world.check(serials(5), **KNOWN)

    assert upload.state == "staged"
    assert world.commission(upload).status == 201
    assert not RecallScope.objects.get().is_whole


@pytest.fixture
def nora(world, client):
    """Novamed's admin in her browser."""
    client.force_login(world.stage.actor(NOVAMED).user)
    return client


def test_the_form_says_why_and_offers_the_tick(nora, world):
    recall(world)

    page = nora.post("/uploads/new", LOT | {"file": _file()}).content.decode()

    assert "An open recall covers this lot" in page
    assert 'name="into_recalled_lot"' in page
    assert not Upload.objects.exists()


def test_the_page_says_that_the_lot_is_born_recalled(nora, world):
    recall(world)
    upload = world.check(serials(3), **KNOWN)

    page = nora.get(f"/uploads/{upload.id}").content.decode()

    assert "This lot will be born recalled" in page


def test_a_page_of_a_lot_recalled_since_offers_no_signature(nora, world):
    upload = world.check(serials(3))
    recall(world)

    page = nora.get(f"/uploads/{upload.id}").content.decode()

    assert "data-sign-panel" not in page
    assert "This lot has been recalled since" in page


def _file():
    return SimpleUploadedFile("lot.csv", serials(3))

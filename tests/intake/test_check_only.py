"""A dry run: the whole check, and nothing of the file that could be signed."""

from apps.custody.models import Staging
from apps.intake.models import Upload
from tests.cast import NOVAMED
from tests.intake.world import serials

DRY = {"check_only": "1"}


def test_a_good_file_is_checked_whole_and_nothing_is_staged(world):
    upload = world.check(serials(5), **DRY)

    state = world.novamed.get(f"/api/v1/uploads/{upload.id}").json
    assert (state["state"], state["rows_done"], state["is_check_only"]) == (
        "checked",
        5,
        True,
    )
    assert not Staging.objects.exists()
    assert list(world.folder.iterdir()) == []
    assert world.draft(upload).json["code"] == "not_staged"


def test_a_bad_file_has_all_its_errors_those_of_the_register_too(world):
    world.commission(world.check(serials(5)))

    upload = world.check(b"serial\nA B\nS00000004\n", **DRY)
    known = world.check(b"S00000004\n", lot="B1", **DRY)
    answer = world.novamed.get(f"/api/v1/uploads/{upload.id}/errors")

    assert upload.state == known.state == "refused"
    assert world.errors(upload) == [
        (2, "bad_character", "serial"),
        (3, "serial_known", "serial"),
    ]
    assert world.errors(known) == [(1, "serial_known", "serial")]
    assert answer.body.count(b"\r\n") == 3


def test_the_same_file_to_be_signed_is_another_upload(world):
    dry = world.send(serials(5), **DRY)
    again = world.send(serials(5), **DRY)
    real = world.send(serials(5))
    world.work()

    states = dict(Upload.objects.values_list("id", "state"))
    assert states == {dry.id: "checked", real.id: "staged"}
    assert again.id == dry.id


def test_a_checked_file_may_be_checked_again_and_not_cancelled(world):
    first = world.check(serials(5), **DRY)

    answer = world.novamed.delete(f"/api/v1/uploads/{first.id}")
    second = world.check(serials(5), **DRY)

    assert (answer.status, answer.json["code"]) == (409, "upload_closed")
    assert (second.id != first.id, second.state) == (True, "checked")


def test_the_page_says_that_nothing_was_kept(world, client):
    client.force_login(world.stage.actor(NOVAMED).user)
    upload = world.check(serials(5), **DRY)

    page = client.get(f"/uploads/{upload.id}").content.decode()

    assert "This was a check only" in page
    assert "data-sign-panel" not in page
    assert f"/uploads/new?gtin={upload.gtin}" in page

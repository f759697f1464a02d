"""An upload from the file to the signed lot, through HTTP and the job."""

import csv
import io
from datetime import timedelta

import pytest

from apps.catalog.models import Batch
from apps.custody.models import Holding, SerialNumber, StagedChunk, Staging
from apps.intake import operations
from apps.intake.models import Upload, UploadError
from apps.jobs.models import Job, Outbox
from apps.partners.models import MemberRole
from tests.cast import AMOXIL, CARDIOL, NOVAMED, TRANSPHARM
from tests.intake.files import xlsx
from tests.intake.world import EXPIRY, LOT, serials
from tests.journeys.api_client import ApiClient


def test_a_file_is_taken_in_and_its_check_is_ordered(world):
    answer = world.novamed.upload(serials(3), **LOT)

    assert answer.status == 202
    assert answer.headers["Location"] == f"/api/v1/uploads/{answer.json['id']}"
    assert (answer.json["state"], answer.json["rows_done"]) == ("queued", 0)
    assert Outbox.objects.filter(task="intake.check_upload").count() == 1
    (path,) = world.folder.iterdir()
    assert path.name.startswith(answer.json["file_digest"])
    assert path.read_bytes() == serials(3)


def test_a_clean_file_is_staged_and_nothing_is_visible(world):
    upload = world.check(serials(2_500))

    assert (upload.state, upload.rows_done, upload.error_count) == ("staged", 2_500, 0)
    assert Staging.objects.get().size == 2_500
    assert StagedChunk.objects.count() == 3
    assert not Batch.objects.exists()
    assert not SerialNumber.objects.exists()


def test_one_signature_makes_the_lot_visible(world):
    upload = world.check(serials(2_500))

    answer = world.commission(upload)

    assert answer.status == 201
    batch = Batch.objects.get()
    assert (batch.lot, batch.size, batch.expiry_date.isoformat()) == (
        "A123",
        2_500,
        EXPIRY,
    )
    assert SerialNumber.objects.filter(batch_id=batch.pk).count() == 2_500
    assert Holding.objects.get().count == 2_500
    state = world.novamed.get(f"/api/v1/uploads/{upload.id}").json
    assert state["state"] == "commissioned"
    assert state["statement_id"] == answer.json["statement_id"]
    assert list(world.folder.iterdir()) == []


def test_a_workbook_is_staged_like_a_csv(world):
    rows = [
        ["Serial", "GTIN", "Lot"],
        *([f"0{n}", AMOXIL.gtin, "A123"] for n in range(9)),
    ]

    upload = world.check(xlsx(rows))

    assert upload.state == "staged"
    assert StagedChunk.objects.get().serials.split("\n")[0] == "00"


def test_errors_are_listed_by_line_and_nothing_is_loaded(world):
    content = b"serial\nA1\nA B\nA1\n" + b"x" * 21 + b"\n\x00\n"

    upload = world.check(content)

    assert (upload.state, upload.error_count) == ("refused", 4)
    assert world.errors(upload) == [
        (3, "bad_character", "serial"),
        (4, "serial_repeated", "serial"),
        (5, "too_long", "serial"),
        (6, "forbidden_character", ""),
    ]
    assert not Staging.objects.exists()
    assert list(world.folder.iterdir()) == []
    detail = world.novamed.get(f"/api/v1/uploads/{upload.id}").json
    assert detail["errors_by_line"][1] == {
        "line": 4,
        "code": "serial_repeated",
        "column": "serial",
        "message": "The serial stands in the file twice",
        "got": "A1",
        "wanted": "each serial once; it stands on line 2 already",
        "row": "A1",
    }


def test_a_thousand_errors_are_kept_and_all_are_counted(world):
    upload = world.check(b"serial\n" + b"a b\n" * 1_500)

    assert upload.error_count == 1_500
    assert UploadError.objects.count() == 1_000


def test_the_error_file_is_safe_in_a_spreadsheet(world):
    upload = world.check(b'serial\n=HYPERLINK("x")|y\n@x#\n+1 2\n')

    answer = world.novamed.get(f"/api/v1/uploads/{upload.id}/errors")

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    table = list(csv.reader(io.StringIO(answer.body.decode())))
    assert len(table) == 4
    assert not [cell for row in table for cell in row if cell[:1] in set("=+-@\t\r")]
    assert table[1][6].startswith("'=HYPERLINK")


def test_serials_that_the_product_has_are_named_by_line(world):
    world.commission(world.check(serials(5)))

    upload = world.check(b"S00000009\nS00000004\n", lot="B1")

    assert (upload.state, upload.error_count) == ("refused", 1)
    assert world.errors(upload) == [(2, "serial_known", "serial")]


def test_another_product_may_have_the_same_serials(world):
    world.commission(world.check(serials(5)))

    upload = world.check(serials(5), gtin=CARDIOL.gtin)

    assert upload.state == "staged"


def test_a_second_file_of_a_lot_makes_it_larger(world):
    world.commission(world.check(serials(5)))

    answer = world.commission(world.check(serials(4, start=6)))

    assert answer.status == 201
    assert Batch.objects.get().size == 9


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"gtin": "09521568251203"}, "bad_check_digit", "gtin"),
        ({"gtin": "１"}, "not_digits", "gtin"),
        ({"gtin": ""}, "empty", "gtin"),
        ({"gtin": "04006381333931"}, "unknown_product", "gtin"),
        ({"lot": ""}, "empty", "lot"),
        ({"lot": "A" * 21}, "too_long", "lot"),
        ({"lot": "A\u0430"}, "bad_character", "lot"),
        ({"lot": "A\x00B"}, "bad_character", "lot"),
        ({"expiry_date": "2020-01-01"}, "expiry_in_past", "expiry_date"),
        ({"expiry_date": "2028-02-30"}, "bad_date", "expiry_date"),
        ({"expiry_date": "280229"}, "bad_date", "expiry_date"),
        ({"site": "9521568000025"}, "bad_check_digit", "site"),
        ({"site": TRANSPHARM.sites[0].gln}, "unknown_site", "site"),
        ({"colour": "red"}, "unknown_field", "colour"),
        ({"lot": ["A", "B"]}, "unknown_field", "lot"),
    ],
)
def test_a_form_that_cannot_be_right_is_refused_at_once(world, changes, code, field):
    answer = world.novamed.upload(serials(1), **(LOT | changes))

    assert (answer.status, answer.json["code"], answer.json["field"]) == (
        400,
        code,
        field,
    )
    assert not Upload.objects.exists()
    assert not world.folder.exists()


def test_a_form_without_a_file_or_with_an_empty_one_is_refused(world):
    without = world.novamed.post_form("/api/v1/uploads", **LOT)
    empty = world.novamed.upload(b"", **LOT)

    assert (without.json["code"], without.json["field"]) == ("missing_field", "file")
    assert (empty.status, empty.json["field"]) == (400, "file")


def test_a_lot_keeps_its_expiry(world):
    world.commission(world.check(serials(1)))

    answer = world.novamed.upload(
        serials(1, start=2), **(LOT | {"expiry_date": "2030-01-31"})
    )

    assert (answer.json["code"], answer.json["field"]) == (
        "other_expiry",
        "expiry_date",
    )


def test_a_product_of_somebody_else_is_as_unknown_as_a_missing_one(world):
    transpharm = ApiClient.of(world.stage, TRANSPHARM)
    site = TRANSPHARM.sites[0].gln

    foreign = transpharm.upload(serials(1), **(LOT | {"site": site}))
    missing = transpharm.upload(
        serials(1), **(LOT | {"site": site, "gtin": "04006381333931"})
    )

    assert foreign.status == missing.status == 400
    assert foreign.body.replace(AMOXIL.gtin.encode(), b"") == missing.body.replace(
        b"04006381333931", b""
    )


def test_the_same_file_is_the_same_upload_while_it_is_open(world):
    first = world.send(serials(3))

    again = world.send(serials(3))
    world.work()
    staged = world.send(serials(3))
    other = world.send(serials(3), lot="B2")

    assert first.id == again.id == staged.id != other.id
    assert len(list(world.folder.iterdir())) == 2
    assert Job.objects.count() == 2


def test_a_refused_file_may_be_sent_again(world):
    first = world.check(b"a b\n")

    again = world.check(b"a b\n")

    assert first.id != again.id


def test_only_the_organisation_sees_its_uploads(world):
    upload = world.check(serials(3))
    stranger = ApiClient.of(world.stage, TRANSPHARM)
    missing = "/api/v1/uploads/00000000-0000-4000-8000-000000000000"
    own = f"/api/v1/uploads/{upload.id}"

    for suffix in ("", "/errors", "/statement"):
        foreign = stranger.get(own + suffix)
        assert foreign.status == 404
        assert foreign.body == stranger.get(missing + suffix).body
    assert stranger.delete(own).status == 404
    assert stranger.get("/api/v1/uploads").json["results"] == []
    assert len(world.novamed.get("/api/v1/uploads").json["results"]) == 1


def test_a_member_may_look_and_not_send(world):
    member = ApiClient.of(world.stage, NOVAMED, role=MemberRole.MEMBER)
    upload = world.check(serials(3))

    assert member.get(f"/api/v1/uploads/{upload.id}").status == 200
    assert member.upload(serials(1), **LOT).status == 403
    assert member.delete(f"/api/v1/uploads/{upload.id}").status == 403


def test_a_cancelled_upload_leaves_nothing_but_its_row(world):
    upload = world.check(serials(3))

    first = world.novamed.delete(f"/api/v1/uploads/{upload.id}")
    again = world.novamed.delete(f"/api/v1/uploads/{upload.id}")

    assert (first.status, again.status) == (204, 409)
    assert again.json["code"] == "upload_closed"
    assert not Staging.objects.exists()
    assert list(world.folder.iterdir()) == []
    assert world.draft(upload).status == 400


def test_a_cancelled_check_stages_nothing(world):
    upload = world.send(serials(3))
    world.novamed.delete(f"/api/v1/uploads/{upload.id}")

    assert world.work() == [{"skipped": 1}]
    assert not Staging.objects.exists()


def test_an_unsigned_upload_is_dropped_after_a_week(world):
    upload = world.check(serials(3))

    operations.sweep(at=world.now() + timedelta(days=7, minutes=1))

    upload.refresh_from_db()
    assert upload.state == "cancelled"
    assert not Staging.objects.exists()

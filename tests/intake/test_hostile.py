"""Hostile files and forms: refused by line or at once, and nothing is staged."""

import pytest

from apps.custody.models import Staging
from apps.intake.models import Upload
from apps.jobs.models import Job, JobState
from tests import hostile
from tests.intake.files import SHEET, xlsx, xlsx_at, xlsx_of
from tests.intake.world import LOT, serials

# Strange, and yet 1 to 20 characters of GS1 set 82.
_FINE_LOTS = {"path", "percent", "a date that is none"}


def test_files_with_something_wrong_are_refused_by_line(world):
    for kind, content in hostile.CSV.items():
        upload = world.check(content)

        assert upload.state == "refused", kind
        assert upload.error_count > 0, kind
        assert upload.errors.count() == min(upload.error_count, 1_000), kind

    assert not Staging.objects.exists()
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}
    assert list(world.folder.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        xlsx([["serial"], [7]]),
        xlsx([["serial"], ["=1+1"]]),
        xlsx([["A1"]], more=[["A2"]]),
        xlsx_of(SHEET.format('<row><c r="XFD1048576"><v>1</v></c></row>')),
        xlsx_of(SHEET.format('<row><c r="a1"/><c r="xfd1048576"><v>1</v></c></row>')),
        xlsx_at("other/part.bin", SHEET.format("<row><c><f>1</f><v>A1</v></c></row>")),
        xlsx_of("0" * 5_000_000),
        xlsx_of("<x>"),
        xlsx([["A1"]])[:300],
        b"\n" * 2_000_000,
        b"A1\n" + b"\r\n" * 2_000,
    ],
)
def test_files_that_no_reader_should_follow_are_refused(world, content):
    upload = world.check(content)

    assert (upload.state, upload.error_count) == ("refused", 1)
    assert not Staging.objects.exists()


@pytest.mark.parametrize("field", ["gtin", "lot", "expiry_date", "site"])
def test_hostile_form_fields_are_refused_by_name(world, field):
    for kind, value in hostile.VALUES.items():
        if not isinstance(value, str) or (field == "lot" and kind in _FINE_LOTS):
            continue
        answer = world.novamed.upload(serials(1), **(LOT | {field: value}))
        assert answer.status == 400, kind
        assert answer.json["field"] == field, kind
        assert answer.json["wanted"], kind

    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "x\x00y.csv", "a" * 3_000, "\u202ecsv.exe", "<b>.csv", ".."],
)
def test_a_file_name_is_shown_and_never_a_path(world, name):
    boundary = "b0undary"
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; "
        f'name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in LOT.items()
    )
    body += (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{name}"\r\n\r\n'
        ).encode()
        + serials(1)
        + f"\r\n--{boundary}--\r\n".encode()
    )

    answer = world.novamed.post(
        "/api/v1/uploads", body, f"multipart/form-data; boundary={boundary}"
    )

    assert answer.status in {202, 400}
    for path in world.folder.iterdir() if world.folder.exists() else ():
        assert path.parent == world.folder
        assert len(path.name) == 64 + 1 + 32
    for upload in Upload.objects.all():
        assert len(upload.file_name) <= 200
        assert upload.file_name.isprintable()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\n",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="gtin"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n!\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="lot"\r\n\r\n' + b"x" * 3_000_000,
    ],
)
def test_a_broken_form_is_refused(world, body):
    answer = world.novamed.post(
        "/api/v1/uploads", body, "multipart/form-data; boundary=b"
    )

    assert answer.status == 400
    assert not Upload.objects.exists()


def test_a_file_beyond_the_limit_is_refused_and_not_kept(world, settings):
    settings.UPLOAD_LIMIT_BYTES = 1_000

    answer = world.novamed.upload(serials(500), **LOT)

    assert (answer.status, answer.json["code"]) == (400, "too_large")
    assert list(world.folder.iterdir()) == []


def test_a_body_beyond_the_limit_is_413(world, settings):
    settings.BODY_LIMIT_BYTES_BY_PREFIX = {"/api/v1/uploads": 1_000}

    answer = world.novamed.upload(serials(500), **LOT)

    assert answer.status == 413

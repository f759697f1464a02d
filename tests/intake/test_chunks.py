"""A file that comes in chunks: cut, gone on with, doubled, lied about, given up."""

import errno
import hashlib
import threading
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connections

from apps.catalog.models import Batch
from apps.intake import operations
from apps.intake.models import Upload
from apps.intake.operations import receiving
from apps.intake.operations import uploads as uploads_module
from apps.jobs.models import Job, Outbox
from apps.partners.models import MemberRole
from tests.cast import NOVAMED, TRANSPHARM
from tests.intake.world import LOT, serials
from tests.journeys.api_client import ApiClient

FILE = serials(40)
CUT = 100


def said_of(content, **changes):
    return LOT | {
        "file_name": "lot.csv",
        "size_bytes": str(len(content)),
        "file_digest": hashlib.sha256(content).hexdigest(),
        **changes,
    }


@pytest.fixture
def begun(world):
    """The address of an upload whose file is still to come."""
    answer = world.novamed.post_form("/api/v1/uploads", **said_of(FILE))
    assert answer.status == 201, answer.body
    return answer.headers["Location"]


def place(answer):
    names = ("Upload-Offset", "Upload-Length", "Upload-Complete")
    return tuple(answer.headers[name] for name in names)


def test_a_file_that_will_come_is_announced_and_not_checked(world, begun):
    answer = world.novamed.head(begun)

    assert (answer.status, answer.body) == (200, b"")
    assert place(answer) == ("0", str(len(FILE)), "?0")
    assert answer.headers["Upload-Limit"] == "max-append-size=8000000"
    state = world.novamed.get(begun).json
    assert (state["state"], state["received_bytes"]) == ("receiving", 0)
    assert not Outbox.objects.filter(task="intake.check_upload").exists()


def test_a_cut_file_goes_on_from_its_last_chunk_to_a_lot(world, begun):
    first = world.novamed.append(begun, FILE[:CUT], 0)
    asked = world.novamed.head(begun)
    last = world.novamed.append(begun, FILE[CUT:], CUT)
    world.work()
    upload = Upload.objects.get()

    assert (first.status, last.status) == (204, 204)
    assert place(first) == place(asked) == ("100", str(len(FILE)), "?0")
    assert place(last) == (str(len(FILE)), str(len(FILE)), "?1")
    assert (upload.state, upload.rows_done) == ("staged", 40)
    assert world.commission(upload).status == 201
    assert Batch.objects.get().size == 40
    assert world.novamed.get(begun).json["state"] == "commissioned"
    assert list(world.folder.iterdir()) == []


def test_the_same_file_announced_again_says_where_it_goes_on(world, begun):
    world.novamed.append(begun, FILE[:CUT], 0)

    again = world.novamed.post_form("/api/v1/uploads", **said_of(FILE))
    other = world.novamed.post_form("/api/v1/uploads", **said_of(FILE, lot="B2"))

    assert (again.status, again.headers["Location"]) == (201, begun)
    assert again.headers["Upload-Offset"] == "100"
    assert other.headers["Upload-Offset"] == "0"
    assert Upload.objects.count() == 2


def test_a_chunk_that_comes_twice_changes_nothing(world, begun):
    world.novamed.append(begun, FILE[:CUT], 0)

    again = world.novamed.append(begun, b"x" * CUT, 0)
    early = world.novamed.append(begun, FILE[CUT:], CUT + 1)

    assert (again.status, again.json["code"]) == (409, "other_offset")
    assert again.json["offset"] == early.json["offset"] == CUT
    (path,) = world.folder.iterdir()
    assert path.read_bytes() == FILE[:CUT]


def test_other_bytes_than_announced_are_refused_and_begin_anew(world, begun):
    world.novamed.append(begun, FILE[:CUT], 0)

    wrong = world.novamed.append(begun, FILE[CUT:].replace(b"S", b"T"), CUT)
    asked = world.novamed.head(begun)
    right = world.novamed.append(begun, FILE, 0)

    assert (wrong.status, wrong.json["code"]) == (400, "other_digest")
    assert place(asked)[0] == "0"
    assert place(right)[2] == "?1"
    assert Job.objects.count() == 1


def test_what_a_crash_left_beyond_the_place_is_written_over(world, begun):
    world.novamed.append(begun, FILE[:CUT], 0)
    (path,) = world.folder.iterdir()
    with path.open("ab") as file:
        file.write(b"half a chunk that nobody")

    world.novamed.append(begun, FILE[CUT:], CUT)
    world.work()

    assert Upload.objects.get().state == "staged"


def test_what_a_power_cut_took_is_asked_for_again(world, begun):
    world.novamed.append(begun, FILE[:CUT], 0)
    (path,) = world.folder.iterdir()
    path.write_bytes(b"")

    answer = world.novamed.append(begun, FILE[CUT:], CUT)

    assert (answer.status, answer.json["offset"]) == (409, 0)
    assert place(world.novamed.head(begun))[0] == "0"


class Killed(BaseException):
    """What a worker feels of kill -9: nothing after it runs."""


def test_an_end_that_was_killed_is_tried_again_with_the_last_chunk(world, begun):
    world.novamed.append(begun, FILE[:CUT], 0)
    rest = {"offset": CUT, "chunk": FILE[CUT:], "at": world.now()}

    killed = mock.patch.object(receiving, "_digest_of", side_effect=Killed)
    with killed, pytest.raises(Killed):
        operations.append_chunk(upload_id=Upload.objects.get().id, **rest)
    before = world.novamed.head(begun)
    answer = world.novamed.append(begun, FILE[CUT:], CUT)

    assert place(before)[0] == "100"
    assert place(answer)[2] == "?1"


def test_a_chunk_for_which_there_is_no_room_is_sent_again(world, begun):
    full = OSError(errno.ENOSPC, "No space left on device")

    with mock.patch.object(receiving, "_write", side_effect=full):
        refused = world.novamed.append(begun, FILE, 0)
    taken = world.novamed.append(begun, FILE, 0)

    assert (refused.status, refused.json["code"]) == (507, "disk_full")
    assert int(refused.headers["Retry-After"]) > 0
    assert place(taken)[2] == "?1"


def test_a_whole_file_ends_one_that_came_in_chunks(world, begun):
    world.novamed.append(begun, FILE[:CUT], 0)

    upload = world.send(FILE)
    late = world.novamed.append(begun, FILE[CUT:], CUT)
    world.work()
    upload.refresh_from_db()

    assert begun.endswith(str(upload.id))
    assert (late.status, late.json["code"]) == (409, "upload_closed")
    assert (upload.state, Upload.objects.count()) == ("staged", 1)
    assert len(list(world.folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("chunk", "offset", "code", "field"),
    [
        (b"x", None, "missing_field", "Upload-Offset"),
        (b"x", "-1", "not_digits", "Upload-Offset"),
        (b"x", "1" * 16, "not_digits", "Upload-Offset"),
        (b"x" * (len(FILE) + 1), 0, "too_large", "body"),
        (b"x" * 8_000_001, 0, "too_large", "body"),
    ],
)
def test_a_chunk_that_cannot_be_right_is_refused(
    world, begun, chunk, offset, code, field
):
    answer = world.novamed.append(begun, chunk, offset)

    assert (answer.status, answer.json["code"], answer.json["field"]) == (
        400,
        code,
        field,
    )
    assert place(world.novamed.head(begun))[0] == "0"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"size_bytes": "0"}, "empty", "file"),
        ({"size_bytes": "256000001"}, "too_large", "file"),
        ({"size_bytes": "many"}, "not_digits", "size_bytes"),
        ({"file_digest": "AB" * 32}, "bad_digest", "file_digest"),
        ({"file_digest": "ab"}, "bad_digest", "file_digest"),
        ({"lot": ""}, "empty", "lot"),
        ({"file": FILE}, "unknown_field", "file_name"),
        ({"check_only": "perhaps"}, "bad_value", "check_only"),
    ],
)
def test_an_announcement_that_cannot_be_right_is_refused(world, changes, code, field):
    answer = world.novamed.post_form("/api/v1/uploads", **said_of(FILE, **changes))

    assert (answer.status, answer.json["code"], answer.json["field"]) == (
        400,
        code,
        field,
    )
    assert not Upload.objects.exists()


def test_another_content_type_is_no_chunk(world, begun):
    answer = world.novamed._http.generic(
        "PATCH", begun, FILE, content_type="text/csv", headers=world.novamed.headers
    )

    assert answer.status_code == 415


def test_nobody_else_sends_or_sees_the_rest(world, begun):
    stranger = ApiClient.of(world.stage, TRANSPHARM)
    member = ApiClient.of(world.stage, NOVAMED, role=MemberRole.MEMBER)

    assert stranger.append(begun, FILE, 0).status == 404
    assert stranger.head(begun).status == 404
    assert member.append(begun, FILE, 0).status == 403
    assert member.head(begun).status == 200
    assert not world.folder.exists()


def test_a_cancelled_upload_takes_no_more(world, begun):
    world.novamed.append(begun, FILE[:CUT], 0)

    assert world.novamed.delete(begun).status == 204
    answer = world.novamed.append(begun, FILE[CUT:], CUT)

    assert (answer.status, answer.json["code"]) == (409, "upload_closed")
    assert list(world.folder.iterdir()) == []


def test_what_nobody_goes_on_sending_is_given_up_after_a_day(world, begun):
    world.novamed.append(begun, FILE[:CUT], 0)

    operations.sweep(at=world.now() + timedelta(hours=23))
    kept = Upload.objects.get().state
    operations.sweep(at=world.now() + timedelta(hours=24, minutes=1))

    assert (kept, Upload.objects.get().state) == ("receiving", "cancelled")
    assert list(world.folder.iterdir()) == []


def test_files_on_their_way_are_few(world, begun, monkeypatch):
    monkeypatch.setattr(uploads_module, "_MAX_RECEIVING", 1)

    other = world.novamed.post_form("/api/v1/uploads", **said_of(FILE, lot="B2"))
    same = world.novamed.post_form("/api/v1/uploads", **said_of(FILE))

    assert (other.status, other.json["code"]) == (409, "too_many_uploads")
    assert same.status == 201


@pytest.mark.django_db(transaction=True)
def test_two_who_send_one_file_at_once_make_one_upload(world, begun):
    chunks = [FILE[start : start + CUT] for start in range(0, len(FILE), CUT)]
    answers = []

    def send():
        try:
            for number, chunk in enumerate(chunks):
                answers.append(world.novamed.append(begun, chunk, number * CUT).status)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.work()

    assert answers.count(204) == len(chunks)
    assert set(answers) == {204, 409}
    assert Upload.objects.get().state == "staged"
    assert Job.objects.count() == 1

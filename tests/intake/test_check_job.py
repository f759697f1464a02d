"""The check as a job: run twice, killed, raced."""

import itertools
import threading
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection, connections
from django.utils import timezone

from apps.catalog.models import Batch
from apps.custody.models import SerialNumber, Staging
from apps.intake import operations
from apps.intake.models import Upload, UploadError
from apps.intake.operations import check
from apps.jobs.models import Job, JobState, Outbox
from tests.intake.files import SHEET, xlsx_of
from tests.intake.world import serials


class Killed(BaseException):
    """What a worker feels of kill -9: nothing after it runs."""


def _run(upload):
    return operations.check_upload(upload_id=upload.id, clock=timezone.now)


def _kill_at(name, upload):
    """End the worker where `name` is called next."""
    with mock.patch.object(check, name, side_effect=Killed), pytest.raises(Killed):
        _run(upload)


def test_a_second_run_of_the_check_changes_nothing(world):
    upload = world.check(serials(10))
    staging = Staging.objects.get().pk

    assert _run(upload) == {"skipped": 1}
    assert Staging.objects.get().pk == staging


@pytest.mark.parametrize("place", ["_read", "_finish", "_stage", "_close"])
def test_a_killed_check_is_run_again_to_the_same_end(world, place):
    upload = world.send(serials(10))
    _kill_at(place, upload)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    _run(upload)

    upload.refresh_from_db()
    assert upload.state == "staged"
    assert Staging.objects.count() == 1


@pytest.mark.parametrize("place", ["_refuse", "_close"])
def test_a_killed_refusal_lists_its_errors_once(world, place):
    upload = world.send(b"a b\nA1\nA1\n")
    _kill_at(place, upload)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    _run(upload)

    assert UploadError.objects.count() == 2


def test_a_check_that_is_held_elsewhere_is_left_alone(world):
    upload = world.send(serials(10))
    _kill_at("_read", upload)

    assert _run(upload) == {"skipped": 1}
    assert Staging.objects.count() == 0


def test_a_worker_that_lost_its_lease_writes_nothing(world):
    upload = world.send(serials(10))

    def lose(run):
        Job.objects.update(attempts=9)

    with mock.patch.object(check, "_read", side_effect=lose):
        assert _run(upload) == {"stopped": 1}

    assert not Staging.objects.exists()


@pytest.mark.parametrize(
    "content", [xlsx_of(SHEET.format("<row/>" * 100_000)), b"A1\n" * 3_000]
)
def test_each_piece_of_a_file_renews_the_lease_or_ends_the_check(world, content):
    upload = world.send(content)
    seconds = itertools.count()

    def clock():
        passed = next(seconds)
        if passed == 5:
            Job.objects.update(attempts=9)
        return timezone.now() + timedelta(seconds=passed)

    assert operations.check_upload(upload_id=upload.id, clock=clock) == {"stopped": 1}
    assert next(seconds) == 6
    assert not UploadError.objects.exists()


def test_a_lost_message_is_sent_again_by_the_sweep(world):
    world.send(serials(10))
    Outbox.objects.update(done_at=timezone.now())

    counts = operations.sweep(at=timezone.now() + timedelta(minutes=3))
    world.work()

    assert counts["restarted"] == 1
    assert Upload.objects.get().state == "staged"


def test_a_file_that_ended_five_workers_is_refused(world):
    upload = world.send(serials(10))
    Job.objects.update(state=JobState.FAILED)

    operations.sweep(at=timezone.now() + timedelta(minutes=3))

    upload.refresh_from_db()
    assert upload.state == "refused"
    assert world.errors(upload) == [(0, "check_failed", "")]


def test_a_broken_check_gives_its_lease_back(world):
    upload = world.send(serials(10))

    broken = mock.patch.object(check, "_read", side_effect=OSError("disk"))
    with broken, pytest.raises(OSError, match="disk"):
        _run(upload)

    assert Job.objects.get().state == JobState.QUEUED


def test_strays_of_a_crash_are_swept(world):
    world.folder.mkdir()
    (world.folder / "part-x").write_bytes(b"half")

    counts = operations.sweep(at=timezone.now() + timedelta(hours=2))

    assert counts["files"] == 1
    assert list(world.folder.iterdir()) == []


def test_of_two_files_of_one_lot_the_second_is_checked_again(world):
    first, second = world.check(serials(5)), world.check(serials(4, start=6))
    draft = world.draft(second).json
    world.commission(first)

    late = world.novamed.submit(world.novamed.sign(draft))
    state = world.novamed.get(f"/api/v1/uploads/{second.id}").json["state"]
    world.work()
    answer = world.commission(second)

    assert late.status == 409
    assert state == "queued"
    assert answer.status == 201
    assert Batch.objects.get().size == 9


def test_of_two_files_with_one_serial_the_second_names_its_line(world):
    first, second = world.check(serials(5)), world.check(serials(4, start=5))
    world.commission(first)

    world.novamed.get(f"/api/v1/uploads/{second.id}")
    world.work()

    second.refresh_from_db()
    assert second.state == "refused"
    assert world.errors(second) == [(2, "serial_known", "serial")]
    assert SerialNumber.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_two_signatures_for_one_lot_at_once_leave_one_lot(world):
    uploads = [world.check(serials(50)), world.check(serials(50, start=51))]
    envelopes = [world.novamed.sign(world.draft(upload).json) for upload in uploads]
    answers = []

    def submit(envelope):
        try:
            answers.append(world.novamed.submit(envelope).status)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=submit, args=(each,)) for each in envelopes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [201, 409]
    assert Batch.objects.get().size == 50
    assert SerialNumber.objects.count() == 50
    assert connection.vendor

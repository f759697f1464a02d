"""Jobs: one holder at a time, and who lost the lease writes nothing."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.core.errors import LedgerConflict
from apps.jobs import operations, queries
from apps.jobs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def open_job():
    return operations.open_job(kind="upload", subject="7", total=0, at=AT)


def progress(claim, done, at=AT):
    operations.progress(claim=claim, done=done, total=10, message="rows", at=at)


def test_a_job_goes_from_queued_through_progress_to_done():
    job_id = open_job()
    claim = operations.claim(job_id=job_id, at=AT)
    progress(claim, 4)
    running = queries.find_job(job_id)
    operations.finish(claim=claim, result={"rows": 10}, at=AT)
    done = queries.find_job(job_id)

    assert (running.state, running.percent, running.is_final) == ("running", 40, False)
    assert (done.state, done.result, done.is_final) == ("done", {"rows": 10}, True)
    assert done.finished_at == AT


def test_a_job_without_a_total_has_no_percentage():
    assert queries.find_job(open_job()).percent is None


def test_a_held_job_cannot_be_claimed_until_the_lease_ends():
    job_id = open_job()
    operations.claim(job_id=job_id, at=AT)

    assert operations.claim(job_id=job_id, at=AT + timedelta(seconds=119)) is None
    assert operations.claim(job_id=job_id, at=AT + timedelta(seconds=120)).fence == 2


def test_progress_keeps_the_lease():
    job_id = open_job()
    progress(operations.claim(job_id=job_id, at=AT), 1, AT + timedelta(seconds=100))

    assert operations.claim(job_id=job_id, at=AT + timedelta(seconds=200)) is None


@pytest.mark.parametrize("write", ["progress", "finish", "fail"])
def test_an_old_claim_writes_nothing(write: str):
    job_id = open_job()
    old = operations.claim(job_id=job_id, at=AT)
    operations.claim(job_id=job_id, at=AT + timedelta(hours=1))
    before = Job.objects.values().get()

    with pytest.raises(LedgerConflict, match="lease lost"):
        {
            "progress": lambda: progress(old, 9),
            "finish": lambda: operations.finish(claim=old, result={}, at=AT),
            "fail": lambda: operations.fail(claim=old, message="x", at=AT),
        }[write]()

    assert Job.objects.values().get() == before


def test_a_cancelled_job_stops_its_worker():
    job_id = open_job()
    claim = operations.claim(job_id=job_id, at=AT)

    assert operations.cancel(job_id=job_id, at=AT)
    with pytest.raises(LedgerConflict):
        progress(claim, 1)
    assert not operations.cancel(job_id=job_id, at=AT)
    assert queries.find_job(job_id).state == "cancelled"


def test_a_job_that_fails_five_times_is_failed_for_good():
    job_id = open_job()
    states = []
    for _ in range(5):
        claim = operations.claim(job_id=job_id, at=AT)
        operations.fail(claim=claim, message="it rains", at=AT)
        states.append(queries.find_job(job_id).state)

    assert states == ["queued"] * 4 + ["failed"]
    assert operations.claim(job_id=job_id, at=AT) is None


def test_the_sweep_frees_the_jobs_of_dead_workers():
    job_id = open_job()
    operations.claim(job_id=job_id, at=AT)

    assert operations.release_lost_jobs(at=AT + timedelta(seconds=119)) == 0
    assert operations.release_lost_jobs(at=AT + timedelta(seconds=120)) == 1
    assert queries.find_job(job_id).state == "queued"


def test_a_job_whose_workers_died_five_times_is_failed():
    job_id, at = open_job(), AT
    for _ in range(5):
        operations.claim(job_id=job_id, at=at)
        at += timedelta(hours=1)
        operations.release_lost_jobs(at=at)

    assert queries.find_job(job_id).state == "failed"


def test_the_newest_job_of_a_subject_is_found():
    open_job()
    newer = operations.open_job(
        kind="upload", subject="7", total=3, at=AT + timedelta(seconds=1)
    )

    assert queries.find_newest_job(kind="upload", subject="7").job_id == newer
    assert queries.find_newest_job(kind="upload", subject="8") is None
    assert queries.find_job(uuid4()) is None

"""Bringing uploads up to date with what happened elsewhere.

A staged upload whose statement was accepted is commissioned. One whose lot has grown
since, by another file that was signed first, is checked and staged anew.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.custody.operations import discard_staging
from apps.intake.models import UNCHECKED_STATES, Upload, UploadError, UploadState
from apps.intake.operations.files import remove_file, remove_strays
from apps.intake.queries import is_stale, list_commissioned
from apps.jobs import operations as jobs
from apps.jobs import queries as job_queries
from apps.jobs.models import JobState
from apps.partners.models import TradingPartner

JOB_KIND = "intake.check"
TASK = "intake.check_upload"
_LOST_AFTER = timedelta(minutes=2)  # queued that long, its message was lost
_RECEIVING_FOR = timedelta(days=1)  # without a chunk
_STAGED_FOR = timedelta(days=7)  # as long as the longest statement may wait


def settle(*, partner: TradingPartner, at: datetime) -> int:
    """Bring the partner's staged uploads up to date; return how many changed."""
    return _settle(Upload.objects.filter(partner=partner), at)


def sweep(*, at: datetime) -> dict[str, int]:
    """Settle all uploads; start lost checks again; close what came to nothing."""
    return {
        "settled": _settle(Upload.objects.all(), at),
        "expired": _expire(at),
        "restarted": _restart_lost(at),
        "files": remove_strays(at=at),
    }


def order_check(*, upload: Upload, at: datetime) -> None:
    """Open a job for the upload's check and write the order for it.

    Raises:
        RuntimeError: no transaction is open.
    """
    upload.job_id = jobs.open_job(kind=JOB_KIND, subject=str(upload.id), total=0, at=at)
    upload.save(update_fields=["job_id"])
    jobs.enqueue(task=TASK, kwargs={"upload_id": str(upload.id)}, at=at)


def _settle(uploads: QuerySet[Upload], at: datetime) -> int:
    staged = list(uploads.filter(state=UploadState.STAGED))
    # In this order: a lot that grew by this very upload is then seen as signed.
    stale = {upload.id for upload in staged if is_stale(upload)}
    signed = list_commissioned(staged)
    count = 0
    for upload in staged:
        if upload.id in signed:
            count += _change(
                upload,
                state=UploadState.COMMISSIONED,
                statement_id=signed[upload.id],
            )
            remove_file(upload)
        elif upload.id in stale:
            count += _check_again(upload, at)
    return count


def _check_again(upload: Upload, at: datetime) -> int:
    with transaction.atomic():
        changed = _change(
            upload,
            state=UploadState.QUEUED,
            staging_id=None,
            base=None,
            root=None,
            finished_at=None,
        )
        if changed:
            if upload.staging_id is not None:
                discard_staging(staging_id=upload.staging_id)
            order_check(upload=upload, at=at)
    return changed


def _change(upload: Upload, **values: Any) -> int:
    """Change the upload if it is still staged with the same serials."""
    same = Upload.objects.filter(
        id=upload.id, state=UploadState.STAGED, staging_id=upload.staging_id
    )
    return same.update(**values)


def _expire(at: datetime) -> int:
    old = Upload.objects.filter(
        state=UploadState.STAGED, finished_at__lte=at - _STAGED_FOR
    )
    count = _expire_unsent(at)
    for upload in old:
        with transaction.atomic():
            changed = old.filter(id=upload.id).update(state=UploadState.CANCELLED)
            if changed and upload.staging_id is not None:
                discard_staging(staging_id=upload.staging_id)
            count += changed
    return count


def _expire_unsent(at: datetime) -> int:
    """Give up what nobody goes on sending."""
    old = Upload.objects.filter(
        state=UploadState.RECEIVING, received_at__lte=at - _RECEIVING_FOR
    )
    count = 0
    for upload in old:
        changed = old.filter(id=upload.id).update(
            state=UploadState.CANCELLED, finished_at=at
        )
        if changed:
            remove_file(upload)
        count += changed
    return count


def _restart_lost(at: datetime) -> int:
    """Order checks anew that nobody runs; refuse the file that ended five workers."""
    count = 0
    old = at - _LOST_AFTER
    for upload in Upload.objects.filter(
        state__in=UNCHECKED_STATES, created_at__lte=old
    ):
        job = job_queries.find_job(upload.job_id) if upload.job_id else None
        if job is None or job.is_final:
            count += _refuse_dead(upload, at)
        elif job.state == JobState.QUEUED and job.created_at <= old:
            with transaction.atomic():
                jobs.enqueue(task=TASK, kwargs={"upload_id": str(upload.id)}, at=at)
            count += 1
    return count


def _refuse_dead(upload: Upload, at: datetime) -> int:
    with transaction.atomic():
        changed = Upload.objects.filter(
            id=upload.id, state__in=UNCHECKED_STATES, job_id=upload.job_id
        ).update(state=UploadState.REFUSED, error_count=1, finished_at=at)
        if changed:
            UploadError.objects.create(
                upload=upload,
                line_no=0,
                code="check_failed",
                wanted="a file that can be checked; tell the operator",
            )
    return changed

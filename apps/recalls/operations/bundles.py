"""Bundles, built by a job: leased, repeatable, resumed where a worker ended.

1. Who asks gets the bundle that is fresh, or joins the one that is being built, or
   opens a job.
2. The job pins the published checkpoint in a file, plans, and writes each member once;
   a member that was finished before a crash is not written again.
3. The zip takes its name when it is whole and flushed; then the row says so.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.core.errors import TraceError
from apps.jobs import operations as jobs
from apps.jobs.operations import Claim
from apps.recalls.models import Bundle
from apps.recalls.operations.bundle_files import remove_files, write_bundle
from apps.recalls.queries.bundles import (
    Scope,
    find_fresh,
    find_open,
    find_refused,
    folder_of,
    view_of,
    wanted_of,
)

BUNDLE_TASK: Final = "recalls.build_bundle"
JOB_KIND: Final = "recalls.bundle"
_KEEP: Final = timedelta(hours=24)
_KEEP_STRAY: Final = timedelta(hours=1)  # a file whose row is gone
_SHOW_EVERY: Final = timedelta(milliseconds=300)
# Trying again helps against these; all other refusals are final.
_PASSING: Final = frozenset({"not_anchored"})
Clock = Callable[[], datetime]


def request_bundle(*, scope: Scope, at: datetime, least_size: int = 0) -> Bundle:
    """The bundle of a scope: a fresh one, the one in work, or a new one.

    One that could not be built a moment ago is given again, with its fault.

    Args:
        least_size: a fresh one must be under a checkpoint at least so large.
    """
    _give_up_lost(scope, at)
    found = find_fresh(scope, at=at, least_size=least_size) or find_open(scope)
    found = found or find_refused(scope, at=at)
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return _open(scope, at)
    except IntegrityError:
        # Somebody asked for the same at the same moment.
        found = find_open(scope)
        if found is None:
            raise
        return found


def build_bundle(*, bundle_id: UUID, clock: Clock) -> dict[str, int]:
    """Build what was asked for; what is finished, or in other hands, is left alone."""
    bundle = Bundle.objects.filter(pk=bundle_id, finished_at=None).first()
    if bundle is None:
        return {"skipped": 1}
    claim = jobs.claim(job_id=bundle.job_id, at=clock())
    if claim is None:
        return {"skipped": 1}
    work = _Work(bundle, claim, clock, shown_at=clock())
    try:
        return work.run()
    except TraceError as error:
        if error.code == "lease_lost":
            return {"stopped": 1}
        if error.code not in _PASSING:
            return work.refuse(error)
        work.fail(str(error))
        raise
    except Exception as error:
        work.fail(type(error).__name__)
        raise


def sweep_bundles(*, at: datetime) -> dict[str, int]:
    """Take bundles away that are a day old, and files that no row knows."""
    removed = 0
    for bundle in Bundle.objects.filter(requested_at__lt=at - _KEEP):
        remove_files(bundle)
        bundle.delete()
        removed += 1
    return {"removed": removed, "files": _remove_strays(at)}


@dataclass(slots=True)
class _Work:
    """One run of one job."""

    bundle: Bundle
    claim: Claim
    clock: Clock
    shown_at: datetime

    def run(self) -> dict[str, int]:
        made = write_bundle(self.bundle, wanted_of(self.bundle), self.show)
        self._close(
            result={"bytes": made.size_bytes, "statements": made.statements},
            tree_size=made.tree_size,
            size_bytes=made.size_bytes,
            digest=made.digest,
        )
        shutil.rmtree(folder_of(self.bundle), ignore_errors=True)
        return {"statements": made.statements, "bytes": made.size_bytes}

    def show(self, done: int, total: int) -> None:
        """Write how far it is, not more often than a page looks, and keep the lease.

        Raises:
            LedgerConflict: `lease_lost`: another worker took over.
        """
        at = self.clock()
        if at - self.shown_at < _SHOW_EVERY:
            return
        self.shown_at = at
        jobs.progress(claim=self.claim, done=done, total=total, message="", at=at)

    def refuse(self, error: TraceError) -> dict[str, int]:
        """What cannot be built now cannot be built in a minute either: say why."""
        limit = Bundle._meta.get_field("fault").max_length
        self._close(result={"refused": error.code}, fault=str(error)[:limit])
        remove_files(self.bundle)
        return {"refused": 1}

    def fail(self, message: str) -> None:
        jobs.fail(claim=self.claim, message=message, at=self.clock())

    def _close(self, *, result: dict[str, Any], **values: Any) -> None:
        """Close job and bundle together: the job's fence decides whose result counts."""
        at = self.clock()
        with transaction.atomic():
            jobs.finish(claim=self.claim, result=result, at=at)
            Bundle.objects.filter(pk=self.bundle.pk).update(finished_at=at, **values)


def _open(scope: Scope, at: datetime) -> Bundle:
    job_id = jobs.open_job(kind=JOB_KIND, subject=scope.subject, total=0, at=at)
    bundle = Bundle.objects.create(
        batch=scope.batch,
        recall=scope.recall,
        reader=scope.reader,
        job_id=job_id,
        requested_at=at,
    )
    jobs.enqueue(task=BUNDLE_TASK, kwargs={"bundle_id": str(bundle.pk)}, at=at)
    return bundle


def _give_up_lost(scope: Scope, at: datetime) -> None:
    """A bundle whose job was given up makes room for another."""
    found = find_open(scope)
    if found is not None and view_of(found).is_failed:
        Bundle.objects.filter(pk=found.pk, finished_at=None).update(
            finished_at=at, fault="given up after several starts"
        )
        remove_files(found)


def _remove_strays(at: datetime) -> int:
    folder = Path(settings.BUNDLE_DIR)
    known = {pk.hex for pk in Bundle.objects.values_list("pk", flat=True)}
    removed = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        age = at.timestamp() - path.stat().st_mtime
        if path.stem in known or age < _KEEP_STRAY.total_seconds():
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        removed += 1
    return removed

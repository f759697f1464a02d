"""Ordering a closing: the job that writes it down, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.core.errors import ForbiddenTransfer, MalformedInput
from apps.custody.operations.closing import prepare_closing
from apps.custody.queries.erasure import JOB_KIND, JOB_SUBJECT
from apps.jobs import operations as jobs

_MOST_CHARACTERS: Final = 200
_TASK: Final = "custody.prepare_closing"


def order_closing(*, legal_basis: str, at: datetime) -> UUID:
    """Let a job prepare a closing; nothing is erased before it is signed.

    Raises:
        MalformedInput: `bad_length`: no basis, or one of more than 200 characters.
    """
    basis = " ".join(legal_basis.split())
    if not 1 <= len(basis) <= _MOST_CHARACTERS:
        raise MalformedInput(
            "bad_length",
            field="legal_basis",
            got=f"{len(basis)} characters",
            wanted=f"1 to {_MOST_CHARACTERS}",
        )
    with transaction.atomic():
        job_id = jobs.open_job(kind=JOB_KIND, subject=JOB_SUBJECT, total=0, at=at)
        kwargs = {"job_id": str(job_id), "legal_basis": basis}
        jobs.enqueue(task=_TASK, kwargs=kwargs, at=at)
    return job_id


def run_closing(*, job_id: UUID, legal_basis: str, at: datetime) -> int:
    """Prepare what was ordered; how many leaves. A refusal ends the job with its words.

    0 where the job ended before, or is another worker's.
    """
    claim = jobs.claim(job_id=job_id, at=at)
    if claim is None:
        return 0
    try:
        draft = prepare_closing(legal_basis=legal_basis, at=at)
    except ForbiddenTransfer as refusal:
        jobs.finish(claim=claim, result={"refused": refusal.code}, at=at)
        return 0
    leaves = len(draft.indices)
    jobs.finish(claim=claim, result={"leaves": leaves}, at=at)
    return leaves

"""A maker's file from its first byte to the signed lot, as deeds of a site."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.catalog.models import Batch
from apps.core.errors import LedgerConflict
from apps.custody.models import Holding, SerialNumber, StagedChunk, Staging
from apps.intake import operations as intake
from apps.intake import queries
from apps.intake.models import Upload, UploadState
from apps.intake.operations import Announced
from apps.jobs import operations as jobs
from pharmatrace.demo.cast import AMOXIL, NOVAMED
from pharmatrace.demo.signing import Keyring, sign_statement
from pharmatrace.demo.stage import Stage

_EXPIRY = date(2029, 2, 28)
_CHUNK_BYTES = 12_000
_LEASE = timedelta(minutes=3)  # longer than a dead worker holds up its work


def upload(lot: str, first: int, count: int) -> str:
    """All that makes a lot of a file, from where it was left; how it ended.

    What was signed already is refused as known when it is sent again.
    """
    stage = _stage()
    found = _checked(stage, lot, first, count)
    if found.state != UploadState.STAGED:
        return str(found.state)
    _send(stage, found)
    intake.settle(partner=found.partner, at=stage.tick())
    found.refresh_from_db()
    return str(found.state)


def prepare(lot: str, first: int, count: int) -> str:
    """The signed statement of a checked file, not sent."""
    stage = _stage()
    found = _checked(stage, lot, first, count)
    draft = queries.draft_statement(
        upload=found, actor=stage.actor(NOVAMED), at=stage.tick()
    )
    return sign_statement(draft.payload, stage.keyring.key_of(NOVAMED)).decode()


def send(envelope: str) -> str:
    """Hand a signed statement to the door: taken, or the code of the refusal."""
    try:
        _stage().send(envelope.encode())
    except LedgerConflict as conflict:
        return conflict.code
    return "taken"


def stop_at(
    moment: str, stop: Callable[[], None], lot: str, first: int, count: int
) -> str:
    """The same as `upload`; before `moment` the world changes."""
    stage = _stage()
    if moment == "receiving":
        stop()
    found = _received(stage, lot, first, count)
    if moment == "checking":
        stop()
    _check(found)
    found.refresh_from_db()
    if moment == "signing":
        stop()
    _send(stage, found)
    return "signed"


def registered() -> dict[str, Any]:
    """What stands of every lot, and of files on their way."""
    folder = settings.UPLOAD_DIR
    return {
        "lots": {
            batch.lot: [
                batch.size,
                SerialNumber.objects.filter(batch_id=batch.pk).count(),
                sum(
                    Holding.objects.filter(batch=batch).values_list("count", flat=True)
                ),
            ]
            for batch in Batch.objects.all()
        },
        "staged": [Staging.objects.count(), StagedChunk.objects.count()],
        "files": len(list(folder.iterdir())) if folder.is_dir() else 0,
    }


def sweep() -> None:
    """The sweep of a later hour: what a crash left behind goes."""
    intake.sweep(at=timezone.now() + timedelta(hours=2))


def _stage() -> Stage:
    return Stage(Keyring(settings.DEMO_KEYS_DIR), timezone.now())


def _content(first: int, count: int) -> bytes:
    numbers = range(first, first + count)
    return b"serial\n" + b"".join(b"UP%08d\n" % number for number in numbers)


def _received(stage: Stage, lot: str, first: int, count: int) -> Upload:
    content = _content(first, count)
    digest = hashlib.sha256(content).hexdigest()
    found = intake.begin_upload(
        wish=queries.UploadWish(AMOXIL.gtin, lot, _EXPIRY, NOVAMED.sites[0].gln),
        file=Announced("lot.csv", digest, len(content)),
        actor=stage.actor(NOVAMED),
        at=stage.tick(),
    )
    while found.state == UploadState.RECEIVING:
        at = found.received_bytes
        chunk = content[at : at + _CHUNK_BYTES]
        found = intake.append_chunk(
            upload_id=found.id, offset=at, chunk=chunk, at=stage.tick()
        )
    return found


def _checked(stage: Stage, lot: str, first: int, count: int) -> Upload:
    found = _received(stage, lot, first, count)
    _check(found)
    found.refresh_from_db()
    return found


def _check(found: Upload) -> None:
    """What the beat and a worker do, the lease of a dead one over."""
    jobs.release_lost_jobs(at=timezone.now() + _LEASE)
    intake.check_upload(upload_id=found.id, clock=timezone.now)


def _send(stage: Stage, found: Upload) -> None:
    draft = queries.draft_statement(
        upload=found, actor=stage.actor(NOVAMED), at=stage.tick()
    )
    stage.submit(draft, stage.keyring.key_of(NOVAMED))

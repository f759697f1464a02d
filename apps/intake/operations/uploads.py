"""Taking an upload in, and giving it up."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.core.errors import LedgerConflict, UntrustedSignature
from apps.custody.operations.stage import discard_staging
from apps.intake.formats.rows import clip
from apps.intake.models import OPEN_STATES, Upload, UploadState
from apps.intake.operations.files import StoredFile, remove_unneeded
from apps.intake.operations.sweep import order_check, settle
from apps.intake.queries import UploadWish, find_upload, verify_wish
from apps.jobs import operations as jobs
from apps.partners.queries import Actor

_MAX_OPEN = 100


def receive_upload(
    *, wish: UploadWish, file: StoredFile, actor: Actor, at: datetime
) -> Upload:
    """Write the upload and the order to check it, or answer with the open one.

    Raises:
        MalformedInput: as `verify_wish`.
        LedgerConflict: `too_many_uploads`: 100 of this partner are open.
    """
    if actor.partner is None or actor.user is None:
        raise UntrustedSignature("no_organisation", wanted="a person of a partner")
    verify_wish(wish=wish, gln=actor.gln, at=at)
    settle(partner=actor.partner, at=at)
    try:
        with transaction.atomic():
            return _find_open(wish, file, actor) or _create(wish, file, actor, at)
    except IntegrityError:
        # Somebody sent the same file at the same moment.
        found = _find_open(wish, file, actor)
        if found is None:
            raise
        return found


def refresh_upload(*, upload_id: UUID, actor: Actor, at: datetime) -> Upload | None:
    """The actor's upload, brought up to date with what was signed since, or None."""
    upload = find_upload(upload_id=upload_id, actor=actor)
    if upload is not None and settle(partner=upload.partner, at=at):
        upload.refresh_from_db()
    return upload


def cancel_upload(*, upload_id: UUID, at: datetime) -> None:
    """Give the upload up: stop its check, drop its staged serials and its file.

    Raises:
        LedgerConflict: `upload_closed`: it was refused, signed or cancelled before.
    """
    upload = Upload.objects.get(id=upload_id)
    settle(partner=upload.partner, at=at)
    with transaction.atomic():
        changed = Upload.objects.filter(id=upload_id, state__in=OPEN_STATES).update(
            state=UploadState.CANCELLED, finished_at=at
        )
        upload.refresh_from_db()
        if not changed:
            raise LedgerConflict(
                "upload_closed",
                field="state",
                got=upload.state,
                wanted="an open upload",
            )
        if upload.job_id is not None:
            jobs.cancel(job_id=upload.job_id, at=at)
        if upload.staging_id is not None:
            discard_staging(staging_id=upload.staging_id)
    remove_unneeded(digest=upload.file_digest)


def _find_open(wish: UploadWish, file: StoredFile, actor: Actor) -> Upload | None:
    return Upload.objects.filter(
        partner=actor.partner,
        file_digest=file.digest,
        gtin=wish.gtin,
        lot=wish.lot,
        expiry_date=wish.expiry_date,
        site=wish.site,
        state__in=OPEN_STATES,
    ).first()


def _create(wish: UploadWish, file: StoredFile, actor: Actor, at: datetime) -> Upload:
    is_full = (
        Upload.objects.filter(partner=actor.partner, state__in=OPEN_STATES).count()
        >= _MAX_OPEN
    )
    if is_full:
        raise LedgerConflict(
            "too_many_uploads", wanted="sign or cancel some of your open uploads"
        )
    upload = Upload.objects.create(
        partner=actor.partner,
        user=actor.user,
        gtin=wish.gtin,
        lot=wish.lot,
        expiry_date=wish.expiry_date,
        site=wish.site,
        file_name=clip(file.name),
        file_digest=file.digest,
        size_bytes=file.size_bytes,
        created_at=at,
    )
    order_check(upload=upload, at=at)
    return upload

"""Taking an upload in, and giving it up."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.custody.operations import discard_staging
from apps.intake.formats.rows import clip
from apps.intake.models import OPEN_STATES, Upload, UploadState
from apps.intake.operations.files import StoredFile, remove_file
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
            `seed_used`: another file came with this seed.
        LedgerConflict: `too_many_uploads`: 100 of this partner are open;
            `other_seed`: the file is here already, under another seed.
    """
    if actor.partner is None or actor.user is None:
        raise UntrustedSignature(
            "no_organisation",
            field="by",
            got="a person of none",
            wanted="a person of a partner",
        )
    verify_wish(wish=wish, gln=actor.gln, at=at)
    settle(partner=actor.partner, at=at)
    upload = Upload(
        id=file.upload_id,
        partner=actor.partner,
        user=actor.user,
        gtin=wish.gtin,
        lot=wish.lot,
        expiry_date=wish.expiry_date,
        site=wish.site,
        file_name=clip(file.name),
        file_digest=file.digest,
        size_bytes=file.size_bytes,
        seed=wish.seed or None,
        created_at=at,
    )
    kept = _find_or_write(upload, at)
    if kept.id != upload.id:
        file.path.unlink(missing_ok=True)
        _verify_seed(kept, wish.seed)
    return kept


def _verify_seed(kept: Upload, seed: bytes) -> None:
    if seed and seed != bytes(kept.seed or b""):
        raise LedgerConflict(
            "other_seed", field="seed", wanted="cancel the open upload of this file"
        )


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
    remove_file(upload)


def _find_or_write(upload: Upload, at: datetime) -> Upload:
    try:
        with transaction.atomic():
            return _find_same(upload) or _write(upload, at)
    except IntegrityError:
        # Somebody sent the same file at the same moment.
        found = _find_same(upload)
        if found is not None:
            return found
        if upload.seed and Upload.objects.filter(seed=upload.seed).exists():
            raise MalformedInput(
                "seed_used", field="seed", wanted="a fresh seed for each file"
            ) from None
        raise


def _find_same(upload: Upload) -> Upload | None:
    """The open upload of the same file for the same lot."""
    return Upload.objects.filter(
        partner=upload.partner,
        file_digest=upload.file_digest,
        gtin=upload.gtin,
        lot=upload.lot,
        expiry_date=upload.expiry_date,
        site=upload.site,
        state__in=OPEN_STATES,
    ).first()


def _write(upload: Upload, at: datetime) -> Upload:
    still_open = Upload.objects.filter(partner=upload.partner, state__in=OPEN_STATES)
    if still_open.count() >= _MAX_OPEN:
        raise LedgerConflict(
            "too_many_uploads",
            field="file",
            got=f"{_MAX_OPEN} that are open",
            wanted="sign or cancel some of your open uploads",
        )
    upload.save(force_insert=True)
    order_check(upload=upload, at=at)
    return upload

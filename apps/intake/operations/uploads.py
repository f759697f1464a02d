"""Taking an upload in, and giving it up."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.custody.operations import discard_staging
from apps.intake.formats.rows import clip
from apps.intake.models import OPEN_STATES, Upload, UploadState
from apps.intake.operations.files import StoredFile, path_of, remove_file
from apps.intake.operations.sweep import order_check, settle
from apps.intake.queries import UploadWish, find_upload, verify_wish
from apps.jobs import operations as jobs
from apps.partners.queries import Actor

_MAX_OPEN = 100
_MAX_RECEIVING = 20  # each may take the disk of the largest file


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
    upload = make_upload(
        upload_id=file.upload_id,
        wish=wish,
        name=file.name,
        digest=file.digest,
        size_bytes=file.size_bytes,
        actor=actor,
        at=at,
    )
    kept = take_in(upload=upload, wish=wish, at=at)
    if kept.id == upload.id:
        return kept
    if kept.state == UploadState.RECEIVING:
        return _complete(kept, file, at)
    file.path.unlink(missing_ok=True)
    return kept


def make_upload(
    *,
    upload_id: UUID,
    wish: UploadWish,
    name: str,
    digest: str,
    size_bytes: int,
    actor: Actor,
    at: datetime,
) -> Upload:
    """The row of a file, not written yet; what is refused on sight is refused here.

    Raises:
        MalformedInput: as `verify_wish`.
        UntrustedSignature: `no_organisation`.
    """
    if actor.partner is None or actor.user is None:
        raise UntrustedSignature(
            "no_organisation",
            field="by",
            got="a person of none",
            wanted="a person of a partner",
        )
    verify_wish(wish=wish, gln=actor.gln, at=at)
    return Upload(
        id=upload_id,
        partner=actor.partner,
        user=actor.user,
        gtin=wish.gtin,
        lot=wish.lot,
        expiry_date=wish.expiry_date,
        site=wish.site,
        file_name=clip(name),
        file_digest=digest,
        size_bytes=size_bytes,
        seed=None if wish.is_check_only else wish.seed or None,
        is_check_only=wish.is_check_only,
        is_into_recalled=wish.is_into_recalled,
        created_at=at,
    )


def take_in(*, upload: Upload, wish: UploadWish, at: datetime) -> Upload:
    """Write the upload, or give the open one of the same file for the same lot.

    Raises:
        MalformedInput: `seed_used`.
        LedgerConflict: `too_many_uploads`, `other_seed`.
    """
    settle(partner=upload.partner, at=at)
    kept = _find_or_write(upload, at)
    if kept.id != upload.id:
        if not wish.is_check_only:
            _verify_seed(kept, wish.seed)
        if wish.is_into_recalled and not kept.is_into_recalled:
            kept.is_into_recalled = True
            kept.save(update_fields=["is_into_recalled"])
    return kept


def _complete(kept: Upload, file: StoredFile, at: datetime) -> Upload:
    """The file that came in chunks until now has come whole: these are its bytes."""
    file.path.replace(path_of(kept))
    with transaction.atomic():
        changed = Upload.objects.filter(id=kept.id, state=UploadState.RECEIVING).update(
            state=UploadState.QUEUED, missing_bytes=0, received_at=at
        )
        kept.refresh_from_db()
        if changed:
            order_check(upload=kept, at=at)
    if kept.state == UploadState.CANCELLED:
        remove_file(kept)
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
        is_check_only=upload.is_check_only,
        state__in=OPEN_STATES,
    ).first()


def _write(upload: Upload, at: datetime) -> Upload:
    still_open = Upload.objects.filter(partner=upload.partner, state__in=OPEN_STATES)
    _verify_few(still_open.count(), _MAX_OPEN, "open")
    if upload.state == UploadState.RECEIVING:
        coming = still_open.filter(state=UploadState.RECEIVING)
        _verify_few(coming.count(), _MAX_RECEIVING, "on their way")
    upload.save(force_insert=True)
    if upload.state == UploadState.QUEUED:
        order_check(upload=upload, at=at)
    return upload


def _verify_few(count: int, most: int, how: str) -> None:
    if count >= most:
        raise LedgerConflict(
            "too_many_uploads",
            field="file",
            got=f"{most} that are {how}",
            wanted=f"fewer than {most}: finish, sign or cancel some of your uploads",
        )

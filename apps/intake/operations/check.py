"""The check of one file, as a job: leased, repeatable, all or nothing.

1. Take the lease of the job; a second worker leaves.
2. Read rows and check each.
3. In one transaction stage all serials, if the register knows none of them and more
   than a check was wanted, or write the errors; then the file goes.
A run that lost its lease fails at its next progress and writes nothing. One whose worker
was killed has written nothing either: the next begins at the file's first line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.catalog.models import Product
from apps.catalog.queries import get_product
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.recall import Scope
from apps.custody.operations import stage_serials
from apps.custody.queries import find_taken
from apps.custody.queries.commissionings import find_scopes_ahead
from apps.custody.queries.containers import case_serials
from apps.intake.formats.alike import Alike
from apps.intake.formats.check import LotFacts, RowCheck
from apps.intake.formats.files import open_rows
from apps.intake.formats.rows import MAX_ROWS, LineError, Row, Taken
from apps.intake.models import UNCHECKED_STATES, Upload, UploadError, UploadState
from apps.intake.operations.files import path_of, remove_file
from apps.intake.operations.pooled import refused_by_pools
from apps.intake.queries import verify_wish, wish_of
from apps.jobs import operations as jobs
from apps.jobs.operations import Claim

Clock = Callable[[], datetime]

MAX_ERRORS = 1_000
_STEP = 50_000  # serials asked for between two looks at the lease
_NEW = "a serial that this product does not have yet"
_NOT_RECALLED = (
    "a serial that no open recall names; if such packs exist, say so with"
    " into_recalled_lot"
)
_SHOW_EVERY = timedelta(milliseconds=300)


@dataclass(slots=True)
class _Run:
    """One run over one file."""

    upload: Upload
    claim: Claim
    clock: Clock
    check: RowCheck
    shown_at: datetime
    total: int = 0
    rows: int = 0
    error_count: int = 0
    errors: list[LineError] = field(default_factory=list)

    def note(self, error: LineError) -> None:
        """Count every error; keep the first thousand."""
        self.error_count += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(error)
        else:
            self.check.is_full = True

    def show(self) -> None:
        """Write how far it is, not more often than a page looks.

        Raises:
            LedgerConflict: `lease_lost`: cancelled, or another worker took over.
        """
        at = self.clock()
        if at - self.shown_at < _SHOW_EVERY:
            return
        self.shown_at = at
        jobs.progress(
            claim=self.claim, done=self.rows, total=self.total, message="", at=at
        )
        Upload.objects.filter(id=self.upload.id).update(
            rows_done=self.rows, rows_total=self.total, error_count=self.error_count
        )


def check_upload(*, upload_id: UUID, clock: Clock) -> dict[str, int]:
    """Check the upload's file; a closed upload and a lease held elsewhere are no errors.

    What a dead worker left behind is started again by `sweep`.
    """
    upload = Upload.objects.filter(id=upload_id, state__in=UNCHECKED_STATES).first()
    if upload is None or upload.job_id is None:
        return {"skipped": 1}
    claim = jobs.claim(job_id=upload.job_id, at=clock())
    if claim is None:
        return {"skipped": 1}
    run = _start(upload, claim, clock)
    try:
        _read(run)
        _finish(run)
    except LedgerConflict as conflict:
        if conflict.code != "lease_lost":
            raise
        return {"stopped": 1}
    except Exception as error:
        jobs.fail(claim=claim, message=type(error).__name__, at=clock())
        raise
    if run.error_count or upload.is_check_only:
        remove_file(upload)
    return {"rows": run.rows, "errors": run.error_count}


def _start(upload: Upload, claim: Claim, clock: Clock) -> _Run:
    at = clock()
    Upload.objects.filter(id=upload.id, state__in=UNCHECKED_STATES).update(
        state=UploadState.CHECKING, started_at=at, rows_done=0, error_count=0
    )
    facts = LotFacts(upload.gtin, upload.lot, upload.expiry_date)
    return _Run(upload, claim, clock, RowCheck(facts, at_year=at.year), shown_at=at)


def _read(run: _Run) -> None:
    """Take every row; what speaks of the whole file is an error of line 0."""
    try:
        product = verify_wish(
            wish=wish_of(run.upload), gln=run.upload.partner.gln, at=run.clock()
        )
        path = path_of(run.upload)
        # The reader calls for progress: what gives no rows must keep the lease too.
        alike = Alike(run.check.serials)
        with open_rows(path, progress=run.show, alike=alike) as (run.total, rows):
            for item in rows:
                _take(run, item)
        if run.error_count or run.upload.is_check_only:
            _note_known(run, product)
        _note_recalled(run, product)
        _verify_not_empty(run)
    except MalformedInput as error:
        run.note(LineError.of(error, line_no=0))


def _verify_not_empty(run: _Run) -> None:
    if not (run.check.serials or run.error_count):
        raise MalformedInput("empty", field="file", wanted="rows with serials")


def _take(run: _Run, item: Row | LineError | Taken) -> None:
    if isinstance(item, Taken):
        _count(run, item.count)
        return
    error = item if isinstance(item, LineError) else run.check.take(item)
    if item.line_no == run.check.header_line:
        return
    _count(run, 1)
    if error is not None:
        run.note(error)


def _count(run: _Run, rows: int) -> None:
    run.rows += rows
    if run.rows > MAX_ROWS:
        raise MalformedInput(
            "too_many_rows", field="file", wanted=f"at most {MAX_ROWS} rows"
        )


def _note_known(run: _Run, product: Product) -> None:
    """Note serials that packs or cases have already, or that a pool keeps."""
    cases = case_serials(gtin=product.gtin)
    serials = iter(run.check.serials)
    while part := list(islice(serials, _STEP)):
        for serial in find_taken(product_id=product.pk, serials=part):
            _note_serial(run, "serial_known", serial, _NEW)
        if cases:
            for serial in filter(cases.__contains__, part):
                _note_serial(run, "serial_taken", serial, _NEW)
        run.show()
    for error in refused_by_pools(
        product=product, lot=run.upload.lot, serials=run.check.serials
    ):
        run.note(error)


def _note_recalled(run: _Run, product: Product) -> None:
    """A recall that names serials is met by those lines that hold one of them."""
    if run.upload.is_into_recalled:
        return
    for scope in _scopes_ahead(run.upload, product):
        for number, serial in enumerate(run.check.serials):
            if scope.covers_serial(serial):
                _note_serial(run, "serial_recalled", serial, _NOT_RECALLED)
            if number % _STEP == 0:
                run.show()


def _scopes_ahead(upload: Upload, product: Product) -> list[Scope]:
    return find_scopes_ahead(
        product_id=product.pk, lot=upload.lot, expiry_date=upload.expiry_date
    )


def _note_serial(run: _Run, code: str, serial: str, wanted: str) -> None:
    line_no = run.check.serials[serial]
    run.note(LineError(line_no, code, "serial", got=serial, wanted=wanted, row=serial))


def _finish(run: _Run) -> None:
    """Stage everything or nothing, and close the job in the same transaction."""
    if not run.error_count and run.upload.is_check_only:
        with transaction.atomic():
            _close(run, state=UploadState.CHECKED, at=run.clock())
        return
    if not run.error_count:
        try:
            _stage(run)
        except MalformedInput as error:
            # Staging names the first serial that is known; the file's errors name each.
            _note_known(run, get_product(run.upload.gtin))
            if not run.error_count:
                run.note(LineError.of(error, line_no=0))
    if run.error_count:
        _refuse(run)


def _stage(run: _Run) -> None:
    upload, at = run.upload, run.clock()
    product = get_product(upload.gtin)
    scopes = _scopes_ahead(upload, product)
    with transaction.atomic():
        staging = stage_serials(
            product=product,
            partner=upload.partner,
            lot=upload.lot,
            expiry_date=upload.expiry_date,
            serials=run.check.serials,
            at=at,
            seed=bytes(upload.seed or b""),
        )
        _close(
            run,
            state=UploadState.STAGED,
            at=at,
            staging_id=staging.id,
            base=staging.base,
            is_born_recalled=bool(scopes),
            root=bytes(staging.root),
        )


def _refuse(run: _Run) -> None:
    with transaction.atomic():
        UploadError.objects.bulk_create(
            UploadError(
                upload=run.upload,
                line_no=error.line_no,
                code=error.code,
                field=error.field,
                got=error.got,
                wanted=error.wanted,
                row=error.row,
            )
            for error in run.errors
        )
        _close(
            run,
            state=UploadState.REFUSED,
            at=run.clock(),
            error_count=run.error_count,
        )


def _close(run: _Run, *, state: UploadState, at: datetime, **values: Any) -> None:
    """Close job and upload together: the job's fence decides whose result counts."""
    jobs.finish(
        claim=run.claim,
        result={"rows": run.rows, "errors": run.error_count},
        at=at,
    )
    Upload.objects.filter(id=run.upload.id).update(
        state=state,
        rows_done=run.rows,
        rows_total=run.rows,
        finished_at=at,
        **values,
    )

"""What the pages of the bulk door show, made from an upload."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.catalog.models import Product
from apps.core.errors import TraceError
from apps.intake import queries
from apps.intake.formats.words import sentence
from apps.intake.models import OPEN_STATES, UNCHECKED_STATES, Upload, UploadState
from apps.partners import queries as partners
from apps.partners.models import Site
from apps.partners.queries import Actor

_SHOWN_ERRORS = 100
# Which check an error belongs to; what is not listed belongs to the file itself.
_CHECK_OF: Final = {
    "other_gtin": "lot",
    "other_lot": "lot",
    "other_expiry": "lot",
    "expiry_in_past": "lot",
    "bad_check_digit": "lot",
    "bad_date": "lot",
    "unknown_product": "lot",
    "unknown_site": "lot",
    "bad_character": "serials",
    "too_long": "serials",
    "empty": "serials",
    "not_text": "serials",
    "mangled_by_spreadsheet": "serials",
    "serial_repeated": "file_once",
    "serial_known": "ledger_once",
    "serial_taken": "ledger_once",
    "serial_of_pool": "ledger_once",
}
_STATE_SHAPES: Final = {
    UploadState.QUEUED: "past",
    UploadState.CHECKING: "past",
    UploadState.REFUSED: "stop",
    UploadState.STAGED: "think",
    UploadState.COMMISSIONED: "go",
    UploadState.CANCELLED: "past",
}


@dataclass(frozen=True, slots=True)
class FormError:
    """What is wrong with the form, shown beside `field`."""

    field: str
    message: str
    got: str
    wanted: str

    @classmethod
    def of(cls, error: TraceError) -> "FormError":
        """The error in words."""
        words = sentence(error.code)
        return cls(error.field, words, error.got or "", error.wanted)


@dataclass(frozen=True, slots=True)
class UploadForm:
    """The form that sends a file, with what was typed already."""

    values: dict[str, str]
    products: Sequence[Product]
    sites: Sequence[Site]
    error: FormError | None = None


@dataclass(frozen=True, slots=True)
class UploadRow:
    """One upload in the list."""

    upload: Upload
    state_shape: str
    state_words: str


@dataclass(frozen=True, slots=True)
class Pager:
    """Where in the list the reader is."""

    first: int
    last: int
    total: int
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class UploadListPage:
    """All uploads of the organisation, and the form for another."""

    rows: list[UploadRow]
    pager: Pager
    form: UploadForm | None


@dataclass(frozen=True, slots=True)
class Check:
    """One check ticking off."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the check is; `_progress.html` shows it."""

    url: str
    label: str
    done: int
    total: int | None
    rate: int | None
    time_left: str
    checks: list[Check]
    is_finished: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One error as `_errors_by_line.html` shows it."""

    line: int | str
    column: str
    message: str
    got: str
    wanted: str
    row: str


@dataclass(frozen=True, slots=True)
class SignPanel:
    """What stands on the signing button, and what the signature means."""

    label: str
    meaning: str
    review: str = ""


@dataclass(frozen=True, slots=True)
class UploadPage:
    """One upload, from the check to the signature."""

    upload: Upload
    product: Product | None
    state_shape: str
    state_words: str
    signed_words: str
    site_name: str
    progress: Progress
    errors: list[Line]
    more_errors: int
    sign: SignPanel | None
    draft_url: str
    batch_url: str
    can_cancel: bool


def make_row(upload: Upload) -> UploadRow:
    """The upload as a row of the list."""
    return UploadRow(upload, _STATE_SHAPES[_state(upload)], _state_words(upload))


def make_page(
    *, upload: Upload, product: Product | None, actor: Actor, at: datetime
) -> UploadPage:
    """Everything that the page of one upload shows."""
    state = _state(upload)
    errors = queries.list_errors(upload=upload, limit=_SHOWN_ERRORS)
    is_staged = state == UploadState.STAGED
    site = partners.find_site(upload.site)
    return UploadPage(
        upload=upload,
        product=product,
        state_shape=_STATE_SHAPES[state],
        state_words=_state_words(upload),
        signed_words=_("Commissioned"),
        site_name=site.name if site else "",
        progress=make_progress(upload=upload, at=at),
        errors=[
            Line(
                error.line_no or _("file"),
                error.field,
                sentence(error.code),
                error.got,
                error.wanted,
                error.row,
            )
            for error in errors
        ],
        more_errors=upload.error_count - len(errors),
        sign=_sign_panel(upload) if is_staged and actor.can_sign else None,
        draft_url=reverse("api_upload_statement", kwargs={"upload_id": upload.id}),
        batch_url=f"/batches/{upload.gtin}/{quote(upload.lot, safe='')}",
        can_cancel=actor.can_sign and state in OPEN_STATES,
    )


def make_progress(*, upload: Upload, at: datetime) -> Progress:
    """How far the check is, with its single checks."""
    is_finished = _state(upload) not in UNCHECKED_STATES
    rate = queries.rows_per_second(upload, at=at)
    return Progress(
        url=reverse("upload_progress", kwargs={"upload_id": upload.id}),
        label=_("Checked") if is_finished else _state_words(upload),
        done=upload.rows_done,
        total=upload.rows_total,
        rate=rate,
        time_left="" if is_finished else _time_left(upload, rate),
        checks=_checks(upload),
        is_finished=is_finished,
    )


def _checks(upload: Upload) -> list[Check]:
    codes = upload.errors.values_list("code", flat=True).distinct()
    failed = {_CHECK_OF.get(code, "file") for code in codes}
    return [
        Check(_check_state(upload, name in failed), text)
        for name, text in (
            ("file", _("The file can be read")),
            ("lot", _("GTIN, lot and expiry are those of the form")),
            ("serials", _("Every serial is 1 to 20 characters of GS1 set 82")),
            ("file_once", _("No serial stands in the file twice")),
            ("ledger_once", _("No serial is in the ledger already")),
        )
    ]


def _check_state(upload: Upload, has_failed: bool) -> str:  # noqa: FBT001  # two facts
    if has_failed:
        return "stop"
    state = _state(upload)
    is_undecided = state in {*UNCHECKED_STATES, UploadState.CANCELLED}
    return "past" if is_undecided else "go"


def _time_left(upload: Upload, rate: int | None) -> str:
    if not rate or not upload.rows_total:
        return ""
    seconds = max(upload.rows_total - upload.rows_done, 0) // rate + 1
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


def _sign_panel(upload: Upload) -> SignPanel:
    label = ngettext(
        "Sign and commission %(n)s pack", "Sign and commission %(n)s packs",
        upload.rows_done,
    )  # fmt: skip
    return SignPanel(
        label=label % {"n": intcomma(upload.rows_done)},
        meaning=_("I commissioned these packs"),
    )


def _state(upload: Upload) -> UploadState:
    return UploadState(upload.state)


def _state_words(upload: Upload) -> str:
    return {
        UploadState.QUEUED: _("Waiting for the check"),
        UploadState.CHECKING: _("Being checked"),
        UploadState.REFUSED: _("Refused"),
        UploadState.STAGED: _("Ready to sign"),
        UploadState.COMMISSIONED: _("Commissioned"),
        UploadState.CANCELLED: _("Cancelled"),
    }[_state(upload)]

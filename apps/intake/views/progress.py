"""How far the check of an upload is, with its single checks."""

from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.edge.page_parts import Check, Progress
from apps.intake import queries
from apps.intake.models import UNCHECKED_STATES, Upload, UploadState

# Which check an error belongs to; what is not listed belongs to the file itself.
_CHECK_OF: Final = {
    "other_gtin": "lot",
    "other_lot": "lot",
    "other_expiry": "lot",
    "expiry_in_past": "lot",
    "bad_check_digit": "lot",
    "bad_date": "lot",
    "bad_day": "lot",
    "bad_month": "lot",
    "unknown_product": "lot",
    "unknown_site": "lot",
    "lot_recalled": "lot",
    "bad_character": "serials",
    "too_long": "serials",
    "empty": "serials",
    "not_text": "serials",
    "mangled_by_spreadsheet": "serials",
    "serial_repeated": "file_once",
    "serial_known": "ledger_once",
    "serial_recalled": "ledger_once",
    "serial_taken": "ledger_once",
    "serial_of_pool": "ledger_once",
}
_UNDECIDED: Final = (
    UploadState.RECEIVING,
    *UNCHECKED_STATES,
    UploadState.CANCELLED,
)


def make_progress(*, upload: Upload, at: datetime) -> Progress:
    """How far the check is, with its single checks."""
    is_finished = UploadState(upload.state) not in UNCHECKED_STATES
    rate = queries.rows_per_second(upload, at=at)
    return Progress(
        url=reverse("upload_progress", kwargs={"upload_id": upload.id}),
        label=_("Checked") if is_finished else state_words(upload),
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
    return "past" if upload.state in _UNDECIDED else "go"


def _time_left(upload: Upload, rate: int | None) -> str:
    if not rate or not upload.rows_total:
        return ""
    seconds = max(upload.rows_total - upload.rows_done, 0) // rate + 1
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


def state_words(upload: Upload) -> str:
    """Where the upload stands, for people."""
    return {
        UploadState.RECEIVING: _("Being sent"),
        UploadState.QUEUED: _("Waiting for the check"),
        UploadState.CHECKING: _("Being checked"),
        UploadState.REFUSED: _("Refused"),
        UploadState.CHECKED: _("Checked only: every line holds"),
        UploadState.STAGED: _("Ready to sign"),
        UploadState.COMMISSIONED: _("Commissioned"),
        UploadState.CANCELLED: _("Cancelled"),
    }[UploadState(upload.state)]

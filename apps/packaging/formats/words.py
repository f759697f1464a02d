"""What is wrong, in words for people at the line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.intake.formats.words import CODES as INTAKE
from apps.packaging.models import AggregationError

CODES: Final[dict[str, str | Promise]] = {
    "bad_numbers": _("These are no numbers of serials"),
    "container_exists": _("This container number was opened before"),
    "container_too_full": _("A container holds more than one event can say"),
    "event_in_future": _("An event lies in the future"),
    "guessable": _("Serials this short could be guessed"),
    "inside_a_container": _("The pack is in a container already"),
    "inside_itself": _("A container would stand inside itself"),
    "is_a_pack": _("A pack bears this number"),
    "lot_missing": _("The pool has no lot yet"),
    "missing_field": _("This is needed."),
    "not_a_container": _("No SSCC, and no GTIN with a serial"),
    "not_a_number": _("A whole number is wanted here"),
    "not_in_your_custody": _("The pack is not here, active and yours"),
    "not_of_pool": _("This pool has no such serial"),
    "nothing_named": _("No serial is named"),
    "out_of_range": _("The number is out of range"),
    "packed_twice": _("It would stand in two places"),
    "pool_in_use": _("Labels of this pool are printed already"),
    "pool_not_open": _("This pool is not open"),
    "reason_missing": _("A reason is needed"),
    "serial_moved": _("A serial is not in the state that this needs"),
    "prefix_of_another": _("A number under another company's prefix"),
    "serial_unknown": _("The product has no such serial"),
    "serial_waits": _("A serial waits in an upload for its signature"),
    "too_few": _("There are not so many"),
    "too_many_containers": _("Too many containers for one signature"),
    "too_many_runs": _("Too many label runs are being made"),
    "too_many_uploads": _("Too many uploads are open"),
    "unknown_batch": _("No commissioned lot of yours"),
    "unknown_pool": _("No pool of yours"),
    "unknown_word": _("One of the words offered is wanted"),
}


def sentence(code: str) -> str:
    """The words for a code."""
    words = CODES.get(code) or INTAKE.get(code)
    return str(words or code.replace("_", " ").capitalize())


def errors_csv(errors: Iterable[AggregationError]) -> str:
    """Errors as CSV that no spreadsheet takes for formulas."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["line", "column", "code", "problem", "got", "wanted", "row"])
    for error in errors:
        words = sentence(error.code)
        cells = (error.field, error.code, words, error.got, error.wanted, error.row)
        writer.writerow([error.line_no, *map(_harmless, cells)])
    return out.getvalue()


def _harmless(text: str) -> str:
    # A spreadsheet runs what begins like a formula; the apostrophe makes it text.
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

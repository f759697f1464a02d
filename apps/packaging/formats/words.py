"""What is wrong, in words for people at the line."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.intake.formats.words import CODES as INTAKE

CODES: Final[dict[str, str | Promise]] = {
    "bad_numbers": _("These are no numbers of serials"),
    "guessable": _("Serials this short could be guessed"),
    "missing_field": _("This is needed."),
    "not_a_number": _("A whole number is wanted here"),
    "not_of_pool": _("This pool has no such serial"),
    "nothing_named": _("No serial is named"),
    "out_of_range": _("The number is out of range"),
    "pool_in_use": _("Labels of this pool are printed already"),
    "pool_not_open": _("This pool is not open"),
    "reason_missing": _("A reason is needed"),
    "serial_moved": _("A serial is not in the state that this needs"),
    "serial_waits": _("A serial waits in an upload for its signature"),
    "too_many_uploads": _("Too many uploads are open"),
    "unknown_word": _("One of the words offered is wanted"),
}


def sentence(code: str) -> str:
    """The words for a code."""
    words = CODES.get(code) or INTAKE.get(code)
    return str(words or code.replace("_", " ").capitalize())

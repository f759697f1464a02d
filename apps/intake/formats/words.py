"""What is wrong with a line, in words for people."""

import csv
import io
from collections.abc import Iterable
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.intake.models import UploadError

CODES: Final[dict[str, str | Promise]] = {
    "archive_damaged": _("The archive is damaged or encrypted"),
    "archive_nested": _("An archive inside an archive"),
    "bad_check_digit": _("The check digit does not fit"),
    "bad_character": _("A character that GS1 does not allow here"),
    "bad_date": _("No such day"),
    "bad_day": _("No such day"),
    "bad_epc": _("No EPC of a pack"),
    "bad_length": _("The length is wrong"),
    "bad_month": _("No such month"),
    "bad_quotes": _("A quote is opened and not closed"),
    "check_failed": _("The file could not be checked"),
    "empty": _("Nothing stands here"),
    "error_value": _("The cell shows an error"),
    "expiry_in_past": _("The expiry date has passed"),
    "forbidden_character": _("A character that no text may hold"),
    "formula": _("The cell holds a formula"),
    "inflates_too_far": _("The file is too large when unpacked"),
    "line_too_long": _("The line is too long"),
    "lot_recalled": _("An open recall covers this lot"),
    "mangled_by_spreadsheet": _("A spreadsheet has changed this serial"),
    "not_csv": _("This is neither CSV, XLSX nor EPCIS"),
    "not_digits": _("Digits are wanted here"),
    "not_epcis": _("This is no list of EPCs"),
    "not_text": _("A number stands where text is wanted"),
    "not_utf8": _("Bytes that are not UTF-8"),
    "not_xlsx": _("This workbook cannot be read"),
    "other_expiry": _("Another expiry date than the lot's"),
    "other_gtin": _("Another GTIN than on the form"),
    "other_lot": _("Another lot than on the form"),
    "serial_known": _("The product has this serial already"),
    "serial_of_pool": _("A serial pool does not give this serial away"),
    "serial_recalled": _("An open recall names this serial"),
    "serial_repeated": _("The serial stands in the file twice"),
    "serial_taken": _("The product has this serial already"),
    "several_files": _("More than one file in the archive"),
    "several_sheets": _("More than one sheet holds data"),
    "sheet_too_large": _("The sheet is too wide or too long"),
    "too_long": _("Too long"),
    "too_many_blank_lines": _("Too many blank lines"),
    "too_many_columns": _("Too many columns"),
    "too_many_rows": _("Too many rows"),
    "unknown_column": _("A column that we do not know"),
    "unknown_product": _("No product of yours"),
    "unknown_site": _("No site of yours"),
    "wrong_encoding": _("The file is not in UTF-8"),
}
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def sentence(code: str) -> str:
    """The words for a code."""
    return str(CODES.get(code, code.replace("_", " ").capitalize()))


def errors_csv(errors: Iterable[UploadError]) -> str:
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
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text

import datetime
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput
from apps.intake.formats import xlsx_parts
from apps.intake.formats.rows import LineError, Row
from tests.intake.files import SHEET, read, xlsx, xlsx_of


def _refusal(content, folder):
    with pytest.raises(MalformedInput) as caught:
        read(content, folder)
    return caught.value.code


def test_text_numbers_and_dates_keep_their_types(tmp_path):
    content = xlsx([["serial", "expiry"], ["007", datetime.date(2028, 2, 29)], [7]])

    assert read(content, tmp_path) == [
        Row(1, ("serial", "expiry")),
        Row(2, ("007", datetime.date(2028, 2, 29))),
        Row(3, (7.0,)),
    ]


def test_empty_rows_keep_the_count_of_lines(tmp_path):
    assert read(xlsx([["A"], [], ["B"]]), tmp_path) == [Row(1, ("A",)), Row(3, ("B",))]


def test_an_empty_second_sheet_does_no_harm(tmp_path):
    assert read(xlsx([["A"]], second=[]), tmp_path) == [Row(1, ("A",))]


def test_two_sheets_with_data_are_refused(tmp_path):
    assert _refusal(xlsx([["A"]], second=[["B"]]), tmp_path) == "several_sheets"


def test_a_formula_is_an_error_of_its_row_only(tmp_path):
    rows = read(xlsx([["A"], ["=1+1"], ["B"]]), tmp_path)

    assert rows == [
        Row(1, ("A",)),
        LineError(
            2,
            "formula",
            field="A",
            got="a formula",
            wanted="the value itself: paste as values",
        ),
        Row(3, ("B",)),
    ]


def test_a_cell_that_shows_an_error_is_an_error(tmp_path):
    sheet = SHEET.format('<row r="4"><c r="B4" t="e"><v>#N/A</v></c></row>')

    rows = read(xlsx_of(sheet), tmp_path)

    assert [(row.line_no, row.code, row.field) for row in rows] == [
        (4, "error_value", "B")
    ]


@pytest.mark.parametrize("reference", ["XFD1048576", "I1", "A1000002", "ZZZ9"])
def test_a_far_away_cell_asks_for_no_memory(tmp_path, reference):
    sheet = SHEET.format(f'<row><c r="A1"/><c r="{reference}"><v>1</v></c></row>')

    assert _refusal(xlsx_of(sheet), tmp_path) == "sheet_too_large"


def test_a_far_away_cell_is_seen_behind_another_spelling(tmp_path):
    sheet = SHEET.format("<row><c r='&#88;FD1048576'><v>1</v></c></row>")

    assert _refusal(xlsx_of(sheet), tmp_path) == "sheet_too_large"


def test_a_workbook_that_inflates_without_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx_parts, "_MAX_INFLATED_BYTES", 1_000_000)
    sheet = SHEET.format("<row>" + " " * 2_000_000 + "</row>")

    assert len(xlsx_of(sheet)) < 20_000
    assert _refusal(xlsx_of(sheet), tmp_path) == "inflates_too_far"


def test_a_document_type_is_refused(tmp_path):
    sheet = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + SHEET.format("").partition("?>")[2]

    assert _refusal(xlsx_of(sheet), tmp_path) == "not_xlsx"


def test_a_thousand_parts_are_refused(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(1_000):
            archive.writestr(f"part{number}", b"")

    assert _refusal(out.getvalue(), tmp_path) == "not_xlsx"


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        b"PK\x03\x04" + b"\x00" * 100,
        xlsx([["A"]])[:-40],
        xlsx_of("<worksheet><sheetData><row>"),
        xlsx_of("no xml"),
    ],
)
def test_a_damaged_workbook_is_refused(tmp_path, content):
    assert _refusal(content, tmp_path) == "not_xlsx"


def test_an_archive_that_is_no_workbook_is_refused(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", b"A1\n")

    assert _refusal(out.getvalue(), tmp_path) == "not_xlsx"


# Rows are given before the check sum at the end of their part is known.
# Where the workbook's own name is hit, it is an archive of several files.
_REFUSALS = {
    "not_xlsx",
    "several_sheets",
    "several_files",
    "not_csv",
    "sheet_too_large",
}
_WORKBOOK = xlsx([["serial", "lot"], ["A1", "L1"], ["A2", "L1"]])


@given(
    position=st.integers(0, len(_WORKBOOK) - 1),
    value=st.integers(0, 255),
)
def test_a_changed_byte_gives_rows_or_a_refusal(tmp_path_factory, position, value):
    content = bytearray(_WORKBOOK)
    content[position] = value
    try:
        read(bytes(content), tmp_path_factory.mktemp("byte"))
    except MalformedInput as error:
        assert error.code in _REFUSALS  # noqa: PT017

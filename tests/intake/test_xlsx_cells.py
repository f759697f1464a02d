"""Cells by type and format, as programs other than one write them."""

import datetime

import pytest

from apps.core.errors import MalformedInput
from apps.intake.formats.files import open_rows
from apps.intake.formats.rows import MAX_ROWS, LineError, Row
from tests.intake.files import SHEET, read, xlsx, xlsx_at, xlsx_of, xlsx_with


def _cells(xml, folder):
    (row,) = read(xlsx_of(SHEET.format(f"<row>{xml}</row>")), folder)
    return row.cells


def test_runs_of_a_text_are_one_text_without_its_phonetics(tmp_path):
    xml = (
        '<c t="inlineStr"><is><r><t>A</t></r><r><t xml:space="preserve"> 1</t></r>'
        "<rPh><t>x</t></rPh></is></c>"
    )

    assert _cells(xml, tmp_path) == ("A 1",)


def test_shared_strings_are_found_by_their_number(tmp_path):
    strings = (
        "<sst><si><t>A1</t></si><si/><si><r><t>A</t></r><r><t>2</t></r></si>"
        f"<si><t>{'x' * 5_000}</t></si></sst>"
    )
    cells = "".join(f'<row><c t="s"><v>{at}</v></c></row>' for at in (2, 1, 0, 3))
    content = xlsx_at("worksheets/sheet1.xml", SHEET.format(cells), strings)

    rows = read(content, tmp_path)

    assert rows[:2] == [Row(1, ("A2",)), Row(3, ("A1",))]
    assert [(row.line_no, row.code) for row in rows[2:]] == [(4, "too_long")]


def test_space_around_a_text_counts_only_where_it_is_preserved(tmp_path):
    xml = (
        '<c t="inlineStr"><is><t> A1\n</t></is></c>'
        '<c t="inlineStr"><is><t xml:space="preserve"> A1</t></is></c>'
    )

    assert _cells(xml, tmp_path) == ("A1", " A1")


def test_an_escaped_character_is_that_character_and_never_half_of_one(tmp_path):
    xml = '<c t="str"><v>_x0041_1</v></c><c t="str"><v>_xD800_</v></c>'

    assert _cells(xml, tmp_path) == ("A1", "_xD800_")


def test_numbers_truth_and_days_in_words_keep_their_types(tmp_path):
    xml = (
        '<c><v>12</v></c><c t="n"><v>-1.5E+1</v></c><c t="b"><v>1</v></c>'
        '<c t="d"><v>2028-02-29</v></c><c t="d"><v>2028-02-29T06:30:00</v></c>'
    )

    assert _cells(xml, tmp_path) == (
        12.0,
        -15.0,
        True,
        datetime.date(2028, 2, 29),
        datetime.datetime(2028, 2, 29, 6, 30),  # noqa: DTZ001
    )


@pytest.mark.parametrize(
    "xml",
    [
        "<c><v>nan</v></c>",
        "<c><v>1_000</v></c>",
        "<c><v>0x10</v></c>",
        '<c t="s"><v>99</v></c>',
        '<c t="s"><v>-1</v></c>',
        '<c t="b"><v>yes</v></c>',
        '<c t="d"><v>2028-02-30</v></c>',
        '<c t="other"><v>1</v></c>',
    ],
)
def test_a_value_that_its_type_does_not_allow_is_refused(tmp_path, xml):
    with pytest.raises(MalformedInput) as caught:
        _cells(xml, tmp_path)

    assert caught.value.code == "not_xlsx"


def test_moments_and_times_of_day_are_told_from_days(tmp_path):
    moment = datetime.datetime(2028, 2, 29, 12, 30)  # noqa: DTZ001
    day = datetime.date(1900, 1, 1)
    content = xlsx([[moment, datetime.time(3, 4), day, datetime.timedelta(hours=30)]])

    assert read(content, tmp_path) == [
        Row(1, (moment, datetime.time(3, 4), day, 1.25)),
    ]


@pytest.mark.parametrize(
    ("code", "cell"),
    [
        ("dd.mm.yyyy", datetime.date(2028, 2, 29)),
        ("[$-407]d/ mmm/ yy;@", datetime.date(2028, 2, 29)),
        ('0 "days"', 46812.0),
        ("0.00", 46812.0),
        ("[Red]0", 46812.0),
        ("[h]:mm", 46812.0),
    ],
)
def test_a_format_of_their_own_says_whether_it_is_a_day(tmp_path, code, cell):
    styles = (
        f"<styleSheet><numFmts><numFmt numFmtId='164' formatCode='{code}'/></numFmts>"
        "<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
        "<cellXfs><xf numFmtId='0'/><xf numFmtId='164'/></cellXfs></styleSheet>"
    )
    sheet = SHEET.format('<row><c s="1"><v>46812</v></c></row>')
    content = xlsx_with(
        {"xl/styles.xml": styles, "xl/worksheets/sheet1.xml": sheet},
    )

    assert read(content, tmp_path) == [Row(1, (cell,))]


def test_a_workbook_that_counts_from_1904_means_other_days(tmp_path):
    import openpyxl
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    workbook = openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    workbook.active.append([datetime.date(2028, 2, 29)])
    workbook.save(tmp_path / "mac.xlsx")

    rows = read((tmp_path / "mac.xlsx").read_bytes(), tmp_path)

    assert rows == [Row(1, (datetime.date(2028, 2, 29),))]


def test_a_text_that_is_far_too_long_is_an_error_of_its_row(tmp_path):
    rows = read(xlsx([["A1"], ["x" * 1_001], ["A3"]]), tmp_path)

    assert rows == [
        Row(1, ("A1",)),
        LineError(
            2,
            "too_long",
            field="A",
            got="a longer text",
            wanted="at most 1000 characters",
        ),
        Row(3, ("A3",)),
    ]


def test_a_table_may_begin_in_another_column(tmp_path):
    rows = read(xlsx([["", "A1", "L"], ["", "", "L"], ["x", "A2"]]), tmp_path)

    assert rows[:2] == [Row(1, ("A1", "L")), Row(2, ("", "L"))]
    assert (rows[2].line_no, rows[2].code) == (3, "too_many_columns")
    assert rows[2].got == "a value in column A"
    assert rows[2].wanted == "columns from B on, as in the first row"


@pytest.mark.parametrize(
    ("claim", "total"), [("A1:B7", 7), ("A1:XFD1048576", MAX_ROWS), ("A1", 0)]
)
def test_what_a_sheet_claims_of_its_size_is_for_the_bar_alone(tmp_path, claim, total):
    sheet = SHEET.format('<row><c t="str"><v>A1</v></c></row>')
    sheet = sheet.replace("<sheetData>", f'<dimension ref="{claim}"/><sheetData>')
    path = tmp_path / "file"
    path.write_bytes(xlsx_of(sheet))

    with open_rows(path, progress=lambda: None) as (found, rows):
        assert found == total
        assert list(rows) == [Row(1, ("A1",))]

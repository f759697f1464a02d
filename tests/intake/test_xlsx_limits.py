"""Workbooks made to exhaust the reader: each is refused after a bounded part of it."""

import io
import zipfile

import pytest

from apps.core.errors import MalformedInput
from apps.intake.formats import xlsx_book, xlsx_parts
from apps.intake.formats.rows import Row
from tests.intake.files import (
    SHEET,
    SHEET_PART,
    read,
    xlsx,
    xlsx_at,
    xlsx_of,
    xlsx_with,
)

_CELL = '<c t="inlineStr"><is><t>A1</t></is></c>'
_FORMULA = '<row r="1"><c r="A1"><f>1+1</f><v>A1</v></c></row>'


def _refusal(content, folder, progress=lambda: None):
    with pytest.raises(MalformedInput) as caught:
        read(content, folder, progress)
    return caught.value


@pytest.mark.parametrize(
    "reference",
    [
        "a1",
        "xfd1048576",
        "$A$1",
        "AAAAAA99999999999",
        "A-1",
        "A",
        "1",
        "",
        "A1:B2",
        "Ａ1",
    ],
)
def test_a_reference_in_another_spelling_is_refused(tmp_path, reference):
    sheet = SHEET.format(f'<row r="1"><c r="{reference}"><v>1</v></c></row>')

    refusal = _refusal(xlsx_of(sheet), tmp_path)

    assert refusal.code == "not_xlsx"
    assert refusal.got == f"the cell reference {reference} in row 1"
    assert refusal.wanted == "references such as A1"


@pytest.mark.parametrize("number", ["1048576", "9999999"])
def test_a_far_away_row_is_refused(tmp_path, number):
    sheet = SHEET.format(f'<row r="1">{_CELL}</row><row r="{number}">{_CELL}</row>')

    assert _refusal(xlsx_of(sheet), tmp_path).code == "sheet_too_large"


@pytest.mark.parametrize("number", ["", "-1", "1e3", "0", "99999999", "1 "])
def test_a_row_number_in_another_spelling_is_refused(tmp_path, number):
    sheet = SHEET.format(f'<row r="{number}">{_CELL}</row>')

    assert _refusal(xlsx_of(sheet), tmp_path).code == "not_xlsx"


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"/><row r="1"/>',
        '<row r="1"/><row r="1"/>',
        '<row r="1"><c r="B1"/><c r="A1"/></row>',
        '<row r="1"><c r="A1"/><c r="A1"/></row>',
        '<row r="1"><c r="A2"/></row>',
        '<row><c r="A1"/><c r="B2"/></row>',
        "<row><row/></row>",
    ],
)
def test_rows_and_cells_only_go_forward(tmp_path, rows):
    assert _refusal(xlsx_of(SHEET.format(rows)), tmp_path).code == "not_xlsx"


@pytest.mark.parametrize(
    "target",
    [
        "other/part.bin",
        "worksheets/part.bin",
        "worksheets/../other.xml",
        "worksheets/deep/sheet1.xml",
        "../worksheets/sheet1.xml",
        "sheet1.xml",
    ],
)
def test_a_sheet_outside_the_folder_of_sheets_is_refused(tmp_path, target):
    refusal = _refusal(xlsx_at(target, SHEET.format(_FORMULA)), tmp_path)

    assert refusal.code == "not_xlsx"
    assert refusal.got == f"a part at {target}"
    assert refusal.wanted == "sheets in xl/worksheets/, the rest in xl/"


def test_a_formula_is_seen_wherever_the_sheet_stands(tmp_path):
    (fault,) = read(xlsx_at("worksheets/any.xml", SHEET.format(_FORMULA)), tmp_path)

    assert (fault.line_no, fault.code, fault.field) == (1, "formula", "A")


@pytest.mark.parametrize("start", ["", "<x ", '<x y="', "<!--", "<?x ", "<x>&"])
@pytest.mark.parametrize(
    "part",
    [SHEET_PART, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"],
)
def test_a_token_without_end_is_left_after_a_megabyte(tmp_path, start, part):
    content = xlsx_with({part: start + "0" * 10_000_000})
    pieces = []

    refusal = _refusal(content, tmp_path, lambda: pieces.append(1))

    assert refusal.code == "not_xlsx"
    assert len(pieces) <= 20


def test_a_part_that_the_workbook_does_not_name_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx_parts, "_MAX_INFLATED_BYTES", 1_000_000)
    zeros = b"0" * 5_000_000
    content = xlsx_with({"xl/worksheets/sheet2.xml": zeros, "xl/media/a.bin": zeros})

    assert read(content, tmp_path) == [Row(1, ("x",))]


def test_pieces_without_rows_are_reported(tmp_path):
    pieces = []

    read(xlsx_of(SHEET.format("<row/>" * 100_000)), tmp_path, lambda: pieces.append(1))

    assert len(pieces) > 600_000 // 65_536


def test_elements_are_counted_over_all_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx_parts, "_MAX_ELEMENTS", 1_000)
    content = xlsx_of(SHEET.format("<x/>" * 2_000))

    refusal = _refusal(content, tmp_path)

    assert (refusal.code, refusal.wanted) == (
        "inflates_too_far",
        "at most 1000 elements",
    )


@pytest.mark.parametrize(
    ("name", "limit"), [("_MAX_STRINGS", 2), ("_MAX_STRING_CHARACTERS", 5)]
)
def test_shared_strings_are_bounded(tmp_path, monkeypatch, name, limit):
    monkeypatch.setattr(xlsx_book, name, limit)

    strings = "<sst><si><t>A1</t></si><si><t>A2</t></si><si><t>A3</t></si></sst>"
    content = xlsx_at("worksheets/sheet1.xml", SHEET.format(""), strings)

    assert _refusal(content, tmp_path).code == "sheet_too_large"


def test_elements_without_end_are_refused(tmp_path):
    refusal = _refusal(xlsx_of(SHEET.format("<a>" * 200_000)), tmp_path)

    assert (refusal.code, refusal.wanted) == ("not_xlsx", "at most 64 levels")


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/strings.xml", "xl/_rels/workbook.xml.rels"]
)
def test_a_document_type_is_refused_in_every_part(tmp_path, part):
    doctype = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'

    content = xlsx_at("worksheets/sheet1.xml", SHEET.format(""))

    refusal = _refusal(xlsx_with({part: doctype}, of=content), tmp_path)

    assert (refusal.code, refusal.got) == ("not_xlsx", "DOCTYPE")


@pytest.mark.parametrize("level", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_foreign_compression_is_refused(tmp_path, level):
    content = xlsx_of(SHEET.format(f"<row>{_CELL}</row>"), level=level)

    assert _refusal(content, tmp_path).code == "not_xlsx"


def test_two_parts_of_one_name_are_refused(tmp_path):
    content = xlsx_with({"xl/worksheets/SHEET1.XML": SHEET.format(_FORMULA)})

    assert _refusal(content, tmp_path).got == "two parts of one name"


def test_a_sheet_that_is_missing_is_refused(tmp_path):
    with zipfile.ZipFile(io.BytesIO(xlsx([["A1"]]))) as source:
        kept = {name: source.read(name) for name in source.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, data in kept.items():
            if name != SHEET_PART:
                target.writestr(name, data)

    assert _refusal(out.getvalue(), tmp_path).got == f"no part {SHEET_PART}"

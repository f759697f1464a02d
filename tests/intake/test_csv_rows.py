import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput
from apps.intake.formats.rows import LineError, Row
from tests.intake.files import read


def test_rows_keep_the_line_they_stand_on(tmp_path):
    rows = read(b"A1\r\n\r\nB2\n", tmp_path)

    assert rows == [Row(1, ("A1",)), Row(3, ("B2",))]


def test_blank_lines_beyond_a_thousand_end_the_file(tmp_path):
    rows = read(b"A1\n" + b"\r\n" * 1_000 + b"B2\n\n" + b"C3\n", tmp_path)

    assert rows == [
        Row(1, ("A1",)),
        Row(1_002, ("B2",)),
        LineError(
            1_003,
            "too_many_blank_lines",
            got="1001 blank lines up to here",
            wanted="at most 1000 in the file; nothing is read beyond",
        ),
    ]


def test_a_file_of_blank_lines_is_left_after_a_thousand(tmp_path):
    calls = []

    rows = read(b"\n" * 5_000_000, tmp_path, lambda: calls.append(1))

    assert [(row.line_no, row.code) for row in rows] == [
        (1_001, "too_many_blank_lines")
    ]
    assert len(calls) == 1


def test_every_thousand_lines_are_reported(tmp_path):
    calls = []

    read(b"A1\n" * 4_500, tmp_path, lambda: calls.append(1))

    assert len(calls) == 4


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_in_the_first_line(tmp_path, delimiter):
    content = f"serial{delimiter}lot\nA1{delimiter}L\n".encode()

    assert read(content, tmp_path)[1] == Row(2, ("A1", "L"))


def test_a_delimiter_inside_quotes_does_not_count(tmp_path):
    assert read(b'"A;1";L,2\n', tmp_path) == [Row(1, ("A;1", "L,2"))]


def test_a_line_that_announces_the_delimiter_is_no_row(tmp_path):
    assert read(b"sep=;\nA;L\n", tmp_path) == [Row(2, ("A", "L"))]


def test_a_byte_order_mark_is_no_part_of_the_first_serial(tmp_path):
    assert read(b"\xef\xbb\xbfA1\n", tmp_path) == [Row(1, ("A1",))]


def test_a_doubled_quote_is_one_quote_of_the_serial(tmp_path):
    assert read(b'"A""1"\n', tmp_path) == [Row(1, ('A"1',))]


def test_the_last_line_may_lack_its_end(tmp_path):
    assert read(b"A1\nB2", tmp_path) == [Row(1, ("A1",)), Row(2, ("B2",))]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'"A1', "bad_quotes"),
        (b'"A1"x', "bad_quotes"),
        (b"A\x001", "forbidden_character"),
        (b"A\xff1", "not_utf8"),
        (b"A\xed\xa0\x801", "not_utf8"),
        (b"A" * 1_001, "line_too_long"),
        (b"A" * 200_000, "line_too_long"),
        (b"1,2,3,4,5,6,7,8,9", "too_many_columns"),
    ],
)
def test_a_bad_line_is_one_error_and_the_next_line_is_read(tmp_path, line, code):
    first, second, third = read(b"x,y\n" + line + b"\nB2,L\n", tmp_path)

    assert first == Row(1, ("x", "y"))
    assert isinstance(second, LineError)
    assert (second.line_no, second.code) == (2, code)
    assert third == Row(3, ("B2", "L"))


def test_an_endless_quote_swallows_no_lines(tmp_path):
    content = b'"A1\n' + b"B2\n" * 500

    rows = read(content, tmp_path)

    assert [type(row) for row in rows[:2]] == [LineError, Row]
    assert len(rows) == 501


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"\xff\xfeA\x00", "wrong_encoding"),
        (b"\xfe\xff\x00A", "wrong_encoding"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "not_csv"),
        (b"%PDF-1.7", "not_csv"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, head, code):
    with pytest.raises(MalformedInput) as caught:
        read(head, tmp_path)

    assert (caught.value.code, caught.value.field) == (code, "file")


@given(content=st.binary(max_size=3_000))
def test_any_bytes_give_rows_errors_or_a_refusal(tmp_path_factory, content):
    try:
        rows = read(content, tmp_path_factory.mktemp("any"))
    except MalformedInput:
        return

    assert all(isinstance(row, Row | LineError) for row in rows)
    assert all("\x00" not in row.row for row in rows if isinstance(row, LineError))

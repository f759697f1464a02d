"""Lines taken by the block: the same serials and errors as taken one by one."""

import datetime
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.intake.formats.alike import Alike
from apps.intake.formats.check import LotFacts, RowCheck
from apps.intake.formats.csv_rows import read_csv
from apps.intake.formats.rows import Taken

GTIN = "09521568251204"
FACTS = LotFacts(GTIN, "A123", datetime.date(2028, 2, 29))
MANY = [f"S{number:07}" for number in range(9_000)]  # more than two blocks of lines


def _read(content, *, is_by_block):
    """Serials with their lines, errors in order, and how many rows came by the block."""
    check = RowCheck(FACTS, at_year=2026)
    alike = Alike(check.serials) if is_by_block else None
    file = io.BufferedReader(io.BytesIO(content))
    errors, by_block = [], 0
    for item in read_csv(file, progress=lambda: None, alike=alike):
        if isinstance(item, Taken):
            by_block += item.count
            continue
        error = check.take(item) if hasattr(item, "cells") else item
        if error is not None:
            errors.append(error)
    return list(check.serials.items()), errors, by_block


def _agree(content):
    """The rows taken by the block, once both ways say the same."""
    serials, errors, by_block = _read(content, is_by_block=True)
    assert (serials, errors) == _read(content, is_by_block=False)[:2]
    return by_block


@pytest.mark.parametrize(
    "line",
    ["{}", '"{}"', "{}," + GTIN + ",A123,280229", '"{}";"' + GTIN + '";"A123"', "{}\r"],
)
def test_a_clean_file_is_taken_by_the_block(line):
    content = "\n".join(line.format(name) for name in MANY).encode() + b"\n"

    assert _agree(content) > 4_000


def test_a_header_and_a_byte_order_mark_are_no_hindrance():
    content = b"\xef\xbb\xbflot,serial\n" + b"".join(
        b"A123,%b\n" % name.encode() for name in MANY
    )

    assert _agree(content) > 4_000


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "S 1",
        "s1,",
        "S1\x00",
        "Ｓ1",
        '"S1',
        "1.5E+11",
        '="12"',
        "S" * 21,
        "S" * 2_000,
        MANY[0],
        MANY[6_999],
        "X1," + GTIN + ",B99",
        "X1," + GTIN,
        "X1\r",
        "\x0b",
        "\u2028",
    ],
)
def test_one_strange_line_costs_its_block_alone(bad):
    content = "\n".join([*MANY[:7_000], bad, *MANY[7_000:]]).encode()

    assert _agree(content) > 1_000


_LINES = st.lists(
    st.one_of(
        st.sampled_from(["A1", "B2", '"C3"', "D4,", f"E5,{GTIN}", "F 6", "", "G7\r"]),
        st.text(alphabet='AB"+,;= \r\x00é', max_size=6),
        st.from_regex(r"\A[A-Z0-9]{1,20}\Z"),
    ),
    max_size=60,
)


@settings(max_examples=40)  # of ten thousand lines each
@given(lines=_LINES, more=_LINES)
def test_any_lines_give_the_same_both_ways(lines, more):
    # The middle fills a block, so that what comes after is tried by the block.
    _agree("\n".join([*lines, *MANY[:5_000], *more, *MANY[5_000:]]).encode())

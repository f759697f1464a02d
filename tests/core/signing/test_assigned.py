"""Signed text holds what Unicode 14.0 assigns, whatever Unicode the reader has."""

import unicodedata

import pytest

from apps.core.assigned import RANGES, UNICODE_VERSION, verify_assigned
from apps.core.errors import MalformedInput
from tests.core.signing import assigned_table


def accepted() -> set[int]:
    return {
        point
        for first, last in (
            (int(each.split("-")[0], 16), int(each.split("-")[-1], 16))
            for each in RANGES.split()
        )
        for point in range(first, last + 1)
    }


def test_the_table_is_that_of_its_version_and_a_part_of_later_ones():
    if unicodedata.unidata_version == UNICODE_VERSION:
        assert RANGES.split() == assigned_table.text().split()
    known = {
        point
        for first, last in assigned_table.assigned()
        for point in range(first, last + 1)
    }

    assert accepted() <= known
    assert len(accepted()) == 144_697 + 65 + 137_468


@pytest.mark.parametrize(
    "text", ["", "Zoë 10 mg", "薬", "\U0001f48a", "\ue000", "e\u0301"]
)
def test_assigned_text_passes(text):
    verify_assigned(text)


@pytest.mark.parametrize(
    "point",
    [
        0x378,  # never assigned so far
        0x0CF3,  # Unicode 15.0
        0x10EFD,  # Unicode 15.0, a combining mark
        0x1E030,  # Unicode 15.0
        0x2EBF0,  # Unicode 15.1
        0xD800,
        0xDFFF,
        0xFDD0,
        0xFFFE,
        0x10FFFF,
    ],
)
def test_what_unicode_14_does_not_assign_is_refused(point):
    with pytest.raises(MalformedInput) as refused:
        verify_assigned(f"a{chr(point)}b")

    assert refused.value.code == "unassigned_character"
    assert refused.value.got == f"U+{point:04X}"


def test_every_point_is_accepted_or_refused_as_the_table_says():
    known = accepted()

    for point in (*range(0x3000), *range(0x10E00, 0x11000), *range(0x1FB00, 0x20010)):
        if point in known:
            verify_assigned(chr(point))
        else:
            with pytest.raises(MalformedInput):
                verify_assigned(chr(point))

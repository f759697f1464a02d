"""Every case that GS1 and biip published, met or listed with its reason."""

from __future__ import annotations

import pytest

from apps.core.errors import MalformedInput
from tests.core.gs1.published import JUDGES, LEFT_OUT, Case
from tests.vectors import load_json, vectors_path

FOLDERS = (
    "gs1/gs1-syntax-engine",
    "gs1/gs1-syntax-dictionary",
    "gs1/gs1-dl-simple-parser",
    "gs1/biip",
)
COUNTS = {
    "gs1/gs1-syntax-dictionary/linters.json": 1173,
    "gs1/gs1-syntax-engine/ai_associations.json": 51,
    "gs1/gs1-syntax-engine/ai_bracketed.json": 18,
    "gs1/gs1-syntax-engine/ai_element_string.json": 53,
    "gs1/gs1-syntax-engine/ai_linters.json": 66,
    "gs1/gs1-syntax-engine/dl_generate.json": 15,
    "gs1/gs1-syntax-engine/dl_parse.json": 79,
    "gs1/gs1-syntax-engine/dl_percent_encoding.json": 21,
    "gs1/gs1-syntax-engine/scan_data.json": 66,
    "gs1/gs1-dl-simple-parser/dl_parse.json": 39,
    "gs1/biip/digital_link.json": 16,
    "gs1/biip/element_strings.json": 31,
    "gs1/biip/keys.json": 55,
}


def _fault(file: str, case: Case) -> str:
    """Why we do not meet the case, "" if we do."""
    try:
        JUDGES[file](case)
    except (AssertionError, MalformedInput, KeyError) as fault:
        return f"{type(fault).__name__}: {fault}"
    return ""


@pytest.mark.parametrize("file", COUNTS)
def test_every_published_case_is_met_or_listed(file: str) -> None:
    cases = load_json(file)["cases"]

    faults = {f"{file}::{case['id']}": _fault(file, case) for case in cases}

    unlisted = {key: why for key, why in faults.items() if why and key not in LEFT_OUT}
    assert len(faults) == COUNTS[file]
    assert unlisted == {}


@pytest.mark.parametrize("key", LEFT_OUT)
def test_a_listed_case_exists_and_is_really_not_met(key: str) -> None:
    file, _, name = key.partition("::")
    (case,) = [each for each in load_json(file)["cases"] if each["id"] == name]

    assert _fault(file, case) != ""
    assert LEFT_OUT[key] != ""


def test_no_published_file_is_left_unread() -> None:
    published = {
        f"{folder}/{path.name}"
        for folder in FOLDERS
        for path in vectors_path(folder).glob("*.json")
    }

    assert published == set(COUNTS) == set(JUDGES)

"""The published GS1 cases: how ours are called for each file, and what is left out.

A case is judged by a function that raises AssertionError or MalformedInput where we
differ. LEFT_OUT names every case that we do not meet, with its reason; the tests fail
for a case that is neither met nor listed, and for a listed one that we do meet.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from apps.core.errors import MalformedInput
from apps.core.gs1 import (
    CANONICAL_STEM,
    GS,
    LINTERS,
    Element,
    Gtin,
    Sscc,
    build_digital_link,
    compute_check_digit,
    parse_bracketed,
    parse_date_time,
    parse_digital_link,
    parse_element_string,
    parse_scan,
    split_symbology,
    verify_associations,
)
from apps.core.gs1.percent import decode_path, decode_query, encode_path, encode_query
from tests.core.gs1.published_codes import code_for

TODAY = date(2024, 6, 1)
Case = dict[str, Any]

ENGINE = "gs1/gs1-syntax-engine"
DICTIONARY = "gs1/gs1-syntax-dictionary"
BIIP = "gs1/biip"
SIMPLE = "gs1/gs1-dl-simple-parser"

_REGISTRY = "asks for the registry of allocated company prefixes, which nobody gives us"
_UNKNOWN = "option permitUnknownAIs: we accept identifiers of the table only"
_PRINTS = "makes a symbol out of plain data: labels are written elsewhere"

LEFT_OUT: dict[str, str] = {
    f"{DICTIONARY}/linters.json::lint_gcppos1.c:221": _REGISTRY,
    f"{DICTIONARY}/linters.json::lint_gcppos2.c:183": _REGISTRY,
    f"{ENGINE}/dl_parse.json::dl.c:1767": _UNKNOWN,
    f"{ENGINE}/dl_generate.json::dl.c:2206": _UNKNOWN,
    f"{SIMPLE}/dl_parse.json::gs1dlparser.c:1137": _UNKNOWN,
    f"{ENGINE}/scan_data.json::scandata.c:804": "option addCheckDigit: labels",
    **{
        f"{ENGINE}/scan_data.json::scandata.c:{line}": _PRINTS
        for line in (643, 737, 740, 744, 758, 761, 764)
    },
    f"{BIIP}/element_strings.json::biip-msg-1": "a GRAI with a wrong check digit",
    f"{BIIP}/element_strings.json::biip-msg-30": "hour 99, which linter hhmi refuses",
    **{
        f"{BIIP}/keys.json::biip-key-{number}": _REGISTRY
        for number in (66, 67, 68, 69, 72, 73, 74, 75)
    },
    f"{BIIP}/keys.json::biip-key-80": "]Y is a system expansion, no GS1 symbology",
}


def refuses(function: Callable[[], object]) -> str:
    """The code with which `function` refuses; fails if it does not."""
    try:
        answer = function()
    except MalformedInput as error:
        return error.code
    raise AssertionError(f"accepted as {answer!r}")


def accepts_or_refuses(case: Case, function: Callable[[], object]) -> Any:
    if case["valid"]:
        return function()
    refuses(function)
    return None


def judge_linter(case: Case) -> None:
    lint = LINTERS[case["linter"]]
    if case["valid"]:
        lint(case["value"], "value")
    else:
        code = refuses(lambda: lint(case["value"], "value"))
        assert code == code_for(case["error"]), code


def judge_linter_of_ai(case: Case) -> None:
    if case["linter_error"] is None:
        parse_bracketed(case["bracketed"])
    else:
        code = refuses(lambda: parse_bracketed(case["bracketed"]))
        assert code == code_for(case["linter_error"]), code


def judge_element_string(case: Case) -> None:
    text = case["element_string"].replace("^", GS)
    accepts_or_refuses(case, lambda: parse_element_string(text))


def judge_bracketed(case: Case) -> None:
    found = accepts_or_refuses(case, lambda: parse_bracketed(case["bracketed"]))
    if found is not None:
        assert "^" + found.to_text(separator="^") == case["element_string"]
        assert found.to_bracketed() == case["bracketed"]


def judge_association(case: Case) -> None:
    accepts_or_refuses(
        case, lambda: verify_associations(parse_bracketed(case["bracketed"]))
    )


def judge_link(case: Case) -> None:
    short = "permitZeroSuppressedGTINinDLuris" in case.get("options", {})
    found = accepts_or_refuses(
        case, lambda: parse_digital_link(case["uri"], allow_short_gtin=short)
    )
    if found is not None:
        text = "^" + found.elements.to_text(separator="^")
        assert text == case["element_string"], text


def judge_simple_link(case: Case) -> None:
    found = accepts_or_refuses(
        case, lambda: parse_digital_link(case["uri"], allow_short_gtin=True)
    )
    if found is not None:
        assert "^" + found.elements.to_text(separator="^") == case["expect"]["u"]


def judge_built_link(case: Case) -> None:
    stem = case["stem"] or CANONICAL_STEM
    found = accepts_or_refuses(
        case, lambda: build_digital_link(parse_bracketed(case["bracketed"]), stem=stem)
    )
    if found is not None:
        assert found == case["uri"], found


def judge_percent(case: Case) -> None:
    if case["op"] == "unescape":
        found = decode_path(case["in"]), decode_query(case["in"])
    else:
        found = encode_path(case["in"]), encode_query(case["in"])
    assert found == (case["path"], case["query"]), found


def judge_scan(case: Case) -> None:
    if not case["valid"]:
        refuses(lambda: parse_scan(case["scan_data"], today=TODAY))
        return
    symbology, data = split_symbology(case["scan_data"])
    assert symbology is not None
    if symbology.is_gs1:
        found = parse_element_string(case["scan_data"]).elements
        assert found == elements_of(case["data"]), found
    elif symbology.gtin_digits:
        found = parse_scan(case["scan_data"], today=TODAY).elements.elements
        assert found == elements_of(case["data"]), found
    else:
        # The engine writes a backslash before data that would begin with its FNC1.
        wanted = case["data"]
        assert data == (wanted[1:] if wanted.startswith("\\") else wanted)


def elements_of(data: str) -> tuple[Element, ...]:
    """The engine's notation: ^ is FNC1, | parts a linear symbol from its composite."""
    found: tuple[Element, ...] = ()
    for part in data.split("|"):
        if part.startswith("^"):
            found += parse_element_string(part, separators="^").elements
        else:
            found += (("01", part.zfill(14)),)
    return found


def judge_biip_link(case: Case) -> None:
    found = accepts_or_refuses(
        case, lambda: parse_digital_link(case["uri"], allow_short_gtin=True)
    )
    if found is None:
        return
    if "ais" in case:
        assert [list(pair) for pair in found.elements] == pairs_of(case)
    if "message" in case:
        assert found.elements.to_bracketed() == case["message"]
    if "canonical" in case:
        assert found.to_canonical() == case["canonical"]
    if "rendered" in case:
        stem = f"https://{case['domain'] or 'id.gs1.org'}/{case['prefix'] or ''}"
        assert build_digital_link(found.elements, stem=stem) == case["rendered"]


def pairs_of(case: Case) -> list[list[str]]:
    return [[each["ai"], each["value"]] for each in case["ais"]]


def judge_biip_elements(case: Case) -> None:
    if case.get("form") == "bracketed":
        found = parse_bracketed(case["in"])
    else:
        separators = "".join(case.get("separator_chars", [GS]))
        found = accepts_or_refuses(
            case, lambda: parse_element_string(case["in"], separators=separators)
        )
        if found is None:
            return
    if "hri" in case:
        assert found.to_bracketed() == case["hri"]
    if "ais" in case:
        assert [list(pair) for pair in found] == pairs_of(case)
    dated = case.get("ais", [])
    if "date" in case:
        ((ai, value),) = found.elements
        dated = [{**case, "ai": ai, "value": value}]
    for each in dated:
        judge_date(each)


def judge_date(case: Case) -> None:
    if "date" not in case:
        return
    day, clock = parse_date_time(case["value"], reference_year=TODAY.year)
    assert day.isoformat() == case["date"]
    moment = f"{day.isoformat()}T{clock.isoformat()}" if clock else None
    assert moment == case.get("datetime")


def judge_biip_key(case: Case) -> None:
    if "gtin" in case:
        gtin = accepts_or_refuses(case, lambda: Gtin.parse(case["gtin"]))
        for digits in (8, 12, 13):
            if gtin is not None and f"as_gtin_{digits}" in case:
                assert getattr(gtin, f"gtin{digits}") == case[f"as_gtin_{digits}"]
        if gtin is not None:
            assert gtin.text == case.get("as_gtin_14", case["gtin"].zfill(14))
    elif "payload" in case:
        assert compute_check_digit(case["payload"]) == case["check_digit"]
    elif "scan" in case:
        symbology, _ = split_symbology(case["scan"])
        assert symbology is not None
        assert symbology.identifier == case["symbology_identifier"]
    elif "sscc_hri" in case:
        Sscc.parse(case["sscc_hri"]["value"])
        raise AssertionError("cannot part the company prefix from the reference")
    else:
        raise AssertionError("cannot tell how long the company prefix is")


JUDGES: dict[str, Callable[[Case], None]] = {
    f"{DICTIONARY}/linters.json": judge_linter,
    f"{ENGINE}/ai_associations.json": judge_association,
    f"{ENGINE}/ai_bracketed.json": judge_bracketed,
    f"{ENGINE}/ai_element_string.json": judge_element_string,
    f"{ENGINE}/ai_linters.json": judge_linter_of_ai,
    f"{ENGINE}/dl_generate.json": judge_built_link,
    f"{ENGINE}/dl_parse.json": judge_link,
    f"{ENGINE}/dl_percent_encoding.json": judge_percent,
    f"{ENGINE}/scan_data.json": judge_scan,
    f"{SIMPLE}/dl_parse.json": judge_simple_link,
    f"{BIIP}/digital_link.json": judge_biip_link,
    f"{BIIP}/element_strings.json": judge_biip_elements,
    f"{BIIP}/keys.json": judge_biip_key,
}

"""GS1 identifiers as scanners, labels and links carry them, in both directions."""

from __future__ import annotations

from .ai_table import AI_TABLE, ApplicationIdentifier, Component, get_ai
from .associations import verify_associations
from .charsets import CSET39, CSET64, CSET82
from .check_pair import compute_check_pair, verify_check_pair
from .dates import format_yymmdd, parse_date_time, parse_yymmd0, parse_yymmdd
from .digital_link import (
    CANONICAL_STEM,
    DigitalLink,
    build_digital_link,
    parse_digital_link,
)
from .element_string import (
    GS,
    Element,
    ElementString,
    build_bracketed,
    build_element_string,
    parse_bracketed,
    parse_element_string,
    verify_value,
)
from .keys import (
    Gln,
    Gtin,
    Lot,
    Serial,
    Sscc,
    compute_check_digit,
    verify_check_digit,
    verify_gs1_prefix,
)
from .linters import LINTERS
from .readings import Kind, Reading, read_elements
from .scan import Scan, parse_scan
from .symbology import Symbology, split_symbology

__all__ = [
    "AI_TABLE",
    "CANONICAL_STEM",
    "CSET39",
    "CSET64",
    "CSET82",
    "GS",
    "LINTERS",
    "ApplicationIdentifier",
    "Component",
    "DigitalLink",
    "Element",
    "ElementString",
    "Gln",
    "Gtin",
    "Kind",
    "Lot",
    "Reading",
    "Scan",
    "Serial",
    "Sscc",
    "Symbology",
    "build_bracketed",
    "build_digital_link",
    "build_element_string",
    "compute_check_digit",
    "compute_check_pair",
    "format_yymmdd",
    "get_ai",
    "parse_bracketed",
    "parse_date_time",
    "parse_digital_link",
    "parse_element_string",
    "parse_scan",
    "parse_yymmd0",
    "parse_yymmdd",
    "read_elements",
    "split_symbology",
    "verify_associations",
    "verify_check_digit",
    "verify_check_pair",
    "verify_gs1_prefix",
    "verify_value",
]

"""What a workbook says of its sheets: where they are, their strings, their dates."""

import re
from collections import deque
from dataclasses import dataclass
from typing import Final

from apps.core.errors import MalformedInput
from apps.intake.formats.rows import MAX_ROWS, clip
from apps.intake.formats.xlsx_parts import MAX_PARTS, PartReader, Parts, not_xlsx
from apps.intake.formats.xlsx_text import TextReader

_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONSHIPS: Final = "xl/_rels/workbook.xml.rels"
_SHEET_PART: Final = re.compile(r"xl/worksheets/[^/\\]{1,100}\.xml", re.IGNORECASE)
_OTHER_PART: Final = re.compile(r"xl/[^/\\]{1,100}\.xml", re.IGNORECASE)
_MAX_STRINGS: Final = 2 * MAX_ROWS
_MAX_STRING_CHARACTERS: Final = 40_000_000
_MAX_FORMATS: Final = 65_536
# ECMA-376 part 1, 18.8.30: the built-in formats that show a day or a time of day.
_DATE_FORMATS: Final = frozenset(
    {*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)}
)
_NO_CODE: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_ELAPSED: Final = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_DATE_CODE: Final = re.compile(r"[ymdhs]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Book:
    """Sheets as names of parts, in order; strings and styles by their index."""

    sheets: tuple[str, ...]
    strings: list[str]
    is_date: list[bool]
    counts_from_1904: bool


def read_book(parts: Parts) -> Book:
    """Read all that a sheet refers to.

    Raises:
        MalformedInput: `not_xlsx`, `sheet_too_large`, `inflates_too_far`.
    """
    links, workbook = _Links(), _Workbook()
    strings, styles = _Strings(), _Styles()
    _walk(parts, _RELATIONSHIPS, links)
    _walk(parts, _WORKBOOK, workbook)
    for kind, reader in (("sharedStrings", strings), ("styles", styles)):
        for target in links.of_kind(kind)[:1]:
            _walk(parts, _part_name(target, _OTHER_PART), reader)
    return Book(
        sheets=_sheet_parts(workbook, links),
        strings=strings.strings,
        is_date=styles.is_date(),
        counts_from_1904=workbook.counts_from_1904,
    )


def _walk(parts: Parts, name: str, reader: PartReader) -> None:
    deque(parts.walk(name, reader), maxlen=0)


def _sheet_parts(workbook: "_Workbook", links: "_Links") -> tuple[str, ...]:
    named = [links.by_id.get(sheet, ("", "")) for sheet in workbook.sheets]
    # A chart has a sheet of its own, which holds no cells.
    return tuple(
        _part_name(target, _SHEET_PART) for kind, target in named if kind == "worksheet"
    )


def _part_name(target: str, wanted: re.Pattern[str]) -> str:
    name = target[1:] if target.startswith("/") else f"xl/{target}"
    if not wanted.fullmatch(name):
        raise not_xlsx(
            f"a part at {clip(target)}", "sheets in xl/worksheets/, the rest in xl/"
        )
    return name


class _Links(PartReader):
    """The relationships of the workbook: id to kind and target."""

    def __init__(self) -> None:
        self.by_id: dict[str, tuple[str, str]] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag != "Relationship" or attributes.get("TargetMode") == "External":
            return
        kind = attributes.get("Type", "").rpartition("/")[2]
        self.by_id[attributes.get("Id", "")] = kind, attributes.get("Target", "")
        _verify_count(len(self.by_id), 2 * MAX_PARTS, "relationships")

    def of_kind(self, kind: str) -> list[str]:
        return [target for each, target in self.by_id.values() if each == kind]


class _Workbook(PartReader):
    """The sheets in their order, by the id of their relationship."""

    def __init__(self) -> None:
        self.sheets: list[str] = []
        self.counts_from_1904 = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "workbookPr":
            self.counts_from_1904 = attributes.get("date1904") in {"1", "true"}
        elif tag == "sheet":
            ids = [value for key, value in attributes.items() if key.endswith(":id")]
            self.sheets.extend(ids[:1])
            _verify_count(len(self.sheets), MAX_PARTS, "sheets")


class _Strings(TextReader):
    """The shared strings."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[str] = []
        self._characters = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "si":
            self.begin_text()
        else:
            self.start_run(tag, attributes)

    def end(self, tag: str) -> None:
        if tag != "si":
            self.end_run(tag)
            return
        text = self.take_text()
        self.strings.append(text)
        self._characters += len(text)
        _verify_count(len(self.strings), _MAX_STRINGS, "shared strings")
        _verify_count(self._characters, _MAX_STRING_CHARACTERS, "characters of strings")


class _Styles(PartReader):
    """The number formats of cells."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._formats: list[str] = []
        self._is_inside = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "numFmt":
            code = attributes.get("formatCode", "")[:256]
            self._codes[attributes.get("numFmtId", "")] = code
            _verify_count(len(self._codes), _MAX_FORMATS, "number formats")
        elif tag == "cellXfs":
            self._is_inside = True
        elif tag == "xf" and self._is_inside:
            self._formats.append(attributes.get("numFmtId", "0"))
            _verify_count(len(self._formats), _MAX_FORMATS, "formats of cells")

    def end(self, tag: str) -> None:
        if tag == "cellXfs":
            self._is_inside = False

    def is_date(self) -> list[bool]:
        """For each format of cells, whether it shows a day or a time of day."""
        builtin = {str(number) for number in _DATE_FORMATS}
        dates = {key for key, code in self._codes.items() if _shows_date(code)}
        dates |= builtin - self._codes.keys()
        return [each in dates for each in self._formats]


def _shows_date(code: str) -> bool:
    first = code.partition(";")[0]
    return not _ELAPSED.search(first) and bool(
        _DATE_CODE.search(_NO_CODE.sub("", first))
    )


def _verify_count(count: int, limit: int, noun: str) -> None:
    if count > limit:
        raise MalformedInput(
            "sheet_too_large", field="file", got=f"{count} {noun}", wanted=f"{limit}"
        )

"""The check of other files than a good CSV: other formats, packed, and mistakes.

Each is checked in a process of its own, after a good CSV of as many rows; a refusal may
take as long as that, and every check 600 MB.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

import openpyxl
from django.db import connection

from apps.intake.models import Upload
from pharmatrace.demo.cast import AMOXIL
from tests.bench.figures import serials
from tests.bench.rounds import Alone, check_alone, send_file
from tests.bench.world import EXPIRY, World, build

_LOT = "KIND"
_PHASES = {
    "read and validated": "read",
    "known serials asked": "asked",
    "root waited for": "root",
    "staged": "staged",
}


def _csv(names: Sequence[str]) -> bytes:
    return ("serial\n" + "\n".join(names) + "\n").encode()


def _four_columns(names: Sequence[str]) -> bytes:
    rest = f",{AMOXIL.gtin},{_LOT},{EXPIRY.isoformat()}\n"
    return ("serial,gtin,lot,expiry\n" + rest.join(names) + rest).encode()


def _xlsx(names: Sequence[str]) -> bytes:
    return _workbook([name] for name in names)


def _xlsx_columns(names: Sequence[str]) -> bytes:
    return _workbook([name, AMOXIL.gtin, _LOT, EXPIRY] for name in names)


def _xlsx_formulas(names: Sequence[str]) -> bytes:
    return _workbook(["=A1"] for _ in names)


def _workbook(rows: object) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _epcis(names: Sequence[str]) -> bytes:
    event = {
        "type": "ObjectEvent",
        "action": "ADD",
        "bizStep": "commissioning",
        "epcList": [f"https://id.gs1.org/01/{AMOXIL.gtin}/21/{name}" for name in names],
        "ilmd": {
            "cbvmda:lotNumber": _LOT,
            "cbvmda:itemExpirationDate": EXPIRY.isoformat(),
        },
    }
    document = {"type": "EPCISDocument", "epcisBody": {"eventList": [event]}}
    return json.dumps(document).encode()


def _zip(names: Sequence[str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("serials.csv", _csv(names))
    return out.getvalue()


def _nested(names: Sequence[str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("serials.zip", _zip(names))
    return out.getvalue()


_Kind = tuple[Callable[[Sequence[str]], bytes], str, int | None]
# How the file is made, how its check ends, with how many errors (None: one a row).
KINDS: dict[str, _Kind] = {
    "csv": (_csv, "staged", 0),
    "columns": (_four_columns, "staged", 0),
    "xlsx": (_xlsx, "staged", 0),
    "xlsx_columns": (_xlsx_columns, "staged", 0),
    "epcis": (_epcis, "staged", 0),
    "gzip": (lambda names: gzip.compress(_csv(names)), "staged", 0),
    "zip": (_zip, "staged", 0),
    "last_wrong": (lambda names: _csv([*names[:-1], "A B"]), "refused", 1),
    "all_wrong": (lambda names: _csv([f"{n} x" for n in names]), "refused", None),
    "all_other_gtin": (
        lambda names: _four_columns(names).replace(b",0952156825", b",0950600001"),
        "refused",
        None,
    ),
    "all_latin1": (
        lambda names: _csv([f"{n}Ä" for n in names]).decode().encode("latin-1"),
        "refused",
        None,
    ),
    "all_quotes_open": (lambda names: _csv([f'"{n}' for n in names]), "refused", None),
    "all_repeated": (
        lambda names: _csv([names[0]] * (len(names) + 1)),
        "refused",
        None,
    ),
    "xlsx_formulas": (_xlsx_formulas, "refused", None),
    "utf16": (lambda names: _csv(names).decode().encode("utf-16"), "refused", 1),
    "nested": (_nested, "refused", 1),
}


def report(var: Path, kinds: Sequence[str], size: int, rounds: int) -> Iterator[str]:
    """The lines of a table of these kinds; `all` stands for every one.

    Raises:
        AssertionError: a check ended otherwise than it must.
    """
    world = build(var)
    yield f"{size:,} rows, {rounds} rounds, {connection.vendor}"
    yield ""
    columns = ["kind", "ends", "bytes", *_PHASES.values(), "check, s", "of work"]
    yield "| " + " | ".join([*columns, "rows/s", "most MB", "of a good CSV"]) + " |"
    yield "|---|---" + "|---:" * (len(_PHASES) + 6) + "|"
    good: list[Alone] = []
    for kind in dict.fromkeys(["csv", *(KINDS if "all" in kinds else kinds)]):
        make, state, errors = KINDS[kind]
        found: list[Alone] = []
        for _ in range(rounds):
            content = make(serials(size))
            wanted = size if errors is None else errors
            found.append(_checked(world, content, state, wanted))
        good = good or found
        yield _line(kind, state, len(content), size, found, good)


def _line(
    kind: str,
    state: str,
    size_bytes: int,
    size: int,
    found: Sequence[Alone],
    good: Sequence[Alone],
) -> str:
    taken, floor = (median(each.seconds for each in those) for those in (found, good))
    phases = (
        f"{median(each.phases.get(name, 0) for each in found):.1f}" for name in _PHASES
    )
    most = max(each.most_kib for each in found) / 1_024
    cells = [kind, state, f"{size_bytes:,}", *phases, f"{taken:.1f}"]
    cells.append(f"{median(each.work_seconds for each in found):.1f}")
    cells += [f"{size / taken:,.0f}", f"{most:.0f}", f"{taken / floor:.2f}"]
    return "| " + " | ".join(cells) + " |"


def _checked(world: World, content: bytes, state: str, errors: int) -> Alone:
    upload_id, _ = send_file(world, content, _LOT)
    alone = check_alone(upload_id)
    upload = Upload.objects.get(pk=upload_id)
    assert (upload.state, upload.error_count) == (state, errors), upload.error_count
    if state == "staged":
        world.novamed.delete(f"/api/v1/uploads/{upload_id}")
    return alone

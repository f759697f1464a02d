"""The check of other files than a good CSV: other formats, packed, and mistakes.

Each is checked in a process of its own, right after a good CSV of as many rows in the
same round; a refusal may take as long as that, and every check 600 MB.
"""

import gzip
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl

from apps.intake.models import Upload
from pharmatrace.demo.cast import AMOXIL
from tests.bench.figures import serials
from tests.bench.report import Figure, as_table
from tests.bench.rounds import Alone, check_alone, send_file
from tests.bench.world import EXPIRY, World, build

_LOT = "KIND"


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


def figures(
    world: World, *, size: int, rounds: int, only: Sequence[str] = ()
) -> list[Figure]:
    """Seconds of the check of each kind beside those of a good CSV; memory in the note.

    Raises:
        AssertionError: a check ended otherwise than it must.
    """
    good: dict[str, list[Alone]] = defaultdict(list)
    found: dict[str, list[Alone]] = defaultdict(list)
    for _ in range(rounds):
        for kind in only or KINDS:
            names = serials(size)
            good[kind].append(_checked(world, _csv(names), "staged", 0))
            make, state, errors = KINDS[kind]
            wanted = size if errors is None else errors
            found[kind].append(_checked(world, make(names), state, wanted))
    return [
        Figure(
            f"check of {kind}",
            "s",
            tuple(each.seconds for each in found[kind]),
            "good CSV, same rows",
            tuple(each.seconds for each in good[kind]),
            f"{KINDS[kind][1]}, {max(a.most_kib for a in found[kind]) / 1_024:.0f} MB",
        )
        for kind in found
    ]


def _checked(world: World, content: bytes, state: str, errors: int) -> Alone:
    upload_id, _ = send_file(world, content, _LOT)
    alone = check_alone(upload_id)
    upload = Upload.objects.get(pk=upload_id)
    assert (upload.state, upload.error_count) == (state, errors), upload.error_count
    if state == "staged":
        world.novamed.delete(f"/api/v1/uploads/{upload_id}")
    return alone


def report(var: Path, kinds: Sequence[str], size: int, rounds: int) -> str:
    """The table of these kinds; `all` stands for every one."""
    only = () if "all" in kinds else kinds
    return as_table(figures(build(var), size=size, rounds=rounds, only=only))

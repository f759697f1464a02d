"""The maker's own file of serials against the root that it is asked to sign."""

from __future__ import annotations

import csv
from typing import Final

from ..canonical import parse_json
from ..envelope import MAX_ENVELOPE_BYTES
from ..errors import MalformedInput, ProofError
from ..fields import Fields
from ..ranges import set_digest
from ..serials import serials_root
from ..statement import MAX_STATEMENT_BYTES, parse_statement
from ..subjects import Subject

_SEED_BYTES: Final = 32
_DELIMITERS: Final = ",;\t"
_COLUMN: Final = "serial"


def verify_drafted_serials(*, draft: bytes, listed: bytes) -> str:
    """Check that a drafted commissioning is one of exactly the serials in a file.

    1. The draft has a seed, and its statement begins one lot.
    2. The file has as many serials as the statement says.
    3. The units signed are `base` and those that follow.
    4. Seed, GTIN, base and serials, in the file's order, give the signed root.

    Args:
        draft: the answer of `GET /api/v1/uploads/{id}/statement`.
        listed: CSV in UTF-8, as `read_serials` reads it.

    Returns:
        What was found, in one line.

    Raises:
        MalformedInput: a draft or a file that cannot be read.
        ProofError: `serials_differ`; `step` names the failed one.
    """
    # 1
    fields = Fields(parse_json(draft, max_bytes=MAX_ENVELOPE_BYTES), where="draft")
    seed = fields.based("seed", most_bytes=_SEED_BYTES)
    subject = _commissioned(fields.based("payload", most_bytes=MAX_STATEMENT_BYTES))
    said, moved, found = subject.serials, subject.moved, read_serials(listed)
    if said is None or moved is None:
        raise ProofError("serials_differ", step=1, wanted="a lot that begins")
    # 2
    if len(found) != said.size:
        raise ProofError(
            "serials_differ",
            step=2,
            got=f"{len(found)} serials in the file",
            wanted=f"{said.size} as drafted",
        )
    # 3
    units = ((said.base, said.base + said.size - 1),)
    if (moved.n, moved.set_digest) != (said.size, set_digest(units)):
        raise ProofError("serials_differ", step=3, wanted=f"units from {said.base} on")
    # 4
    root = serials_root(seed=seed, gtin=said.gtin, base=said.base, serials=found)
    if root != said.root:
        raise ProofError(
            "serials_differ", step=4, got=root.hex(), wanted=said.root.hex()
        )
    return f"serials  {said.size} of your file, from unit {said.base} of {said.lot}"


def read_serials(data: bytes) -> list[str]:
    """The serials of a CSV file: the column `serial`, or the only column there is.

    Raises:
        MalformedInput: not UTF-8, several columns without that name, a short line.
    """
    try:
        lines = [line for line in data.decode("utf-8-sig").splitlines() if line]
    except UnicodeDecodeError:
        raise MalformedInput("not_utf8", field="serials", wanted="UTF-8") from None
    head = lines[0] if lines else ""
    delimiter = max(_DELIMITERS, key=head.count)
    rows = list(csv.reader(lines, delimiter=delimiter))
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    if _COLUMN not in names and len(names) != 1:
        raise MalformedInput(
            "not_csv", field="serials", got=head, wanted=f"a column {_COLUMN}"
        )
    has_head = _COLUMN in names
    column = names.index(_COLUMN) if has_head else 0
    if any(len(row) <= column for row in rows):
        raise MalformedInput("not_csv", field="serials", wanted="a serial on each line")
    return [row[column].strip() for row in rows[has_head:]]


def _commissioned(payload: bytes) -> Subject:
    subjects = parse_statement(payload).subjects
    if len(subjects) != 1:
        raise ProofError("serials_differ", step=1, wanted="a lot that begins")
    return subjects[0]

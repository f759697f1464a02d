"""Pack proofs that hold, and many that must not: changes of one valid file."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from apps.core.strict import format_base64
from tests.core.outside import small_ledger as cast
from tests.golden.pack_ledger import LINE_LEAVES, PackLedger, history_of, pack_file

# Where to change the file; what to put there, or nothing.
Path = list[str | int]


@dataclass(frozen=True)
class Gone:
    """The member is taken out."""


GONE = Gone()
PROOF: Path = ["statement", "leaves", 0]
SHIPPED: Path = ["history", 1]
SAMPLED: Path = ["history", 2]


def changed(file: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy of the file with one member changed, added or taken out."""
    copy = deepcopy(file)
    place: Any = copy
    for name in path[:-1]:
        place = place[name]
    if isinstance(value, Gone):
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return copy


def file_with_history(ledger: PackLedger) -> dict[str, Any]:
    """The whole file that the changes are made to."""
    return {**pack_file(ledger), "history": history_of(ledger)}


def changes(ledger: PackLedger) -> Iterator[tuple[str, Path, Any]]:
    """What is changed, where, and into what."""
    yield from _forms()
    yield from _lies(ledger)
    yield from _lies_of_the_history(ledger)


def _forms() -> Iterator[tuple[str, Path, Any]]:
    yield "a later format", ["format"], "pharmatrace-pack/v2"
    yield "no format", ["format"], GONE
    yield "no pack", ["pack"], GONE
    yield "a field more", ["note"], "x"
    yield "a field more in the pack", ["pack", "note"], "x"
    yield "a GTIN with a wrong check digit", ["pack", "gtin"], "09521568251205"
    yield "a GTIN of 13 digits", ["pack", "gtin"], "9521568251204"
    yield "no lot", ["pack", "lot"], ""
    yield "an expiry without day", ["pack", "expiry"], "2028-02-00"
    yield "a serial of 21 characters", ["pack", "serial"], "S" * 21
    yield "a serial with a #", ["pack", "serial"], "S#2"
    yield "an ordinal below 0", ["place", "ordinal"], -1
    yield "an ordinal that is text", ["place", "ordinal"], "1"
    yield "a salt of 15 bytes", ["place", "salt"], format_base64(bytes(15))
    yield "a path hash of 31 bytes", ["place", "path"], [format_base64(bytes(31))]
    yield "no path", ["place", "path"], GONE
    yield "64 path hashes", ["place", "path"], [format_base64(bytes(32))] * 64
    yield "no statement", ["statement"], GONE
    yield (
        "a statement of another format",
        ["statement", "format"],
        "pharmatrace-proof/v2",
    )
    yield "no leaf", ["statement", "leaves"], []
    yield "no map root", ["statement", "map_root"], GONE
    yield "a history that is no list", ["history"], {}
    yield "a step that says nothing", ["history", 0], {}
    yield (
        "a step that says and shows",
        [*SHIPPED, "said"],
        {"what": "shipping", "day": "2026-03-02", "role": "", "country": ""},
    )
    yield "a step without what", ["history", 0, "said", "what"], GONE
    yield "a step of no day", ["history", 0, "said", "day"], "yesterday"
    yield "a step of a role in capitals", ["history", 0, "said", "role"], "Wholesaler"
    yield "a step of a country in words", ["history", 0, "said", "country"], "Germany"
    yield (
        "a step with a name that was hidden",
        ["history", 0, "said", "party"],
        "Transpharm",
    )
    yield "a shown step without ranges", [*SHIPPED, "ranges"], GONE
    yield "ranges that touch", [*SHIPPED, "ranges"], [[0, 0], [1, 2]]
    yield "no ranges", [*SHIPPED, "ranges"], []
    yield "a line without its parents", [*SAMPLED, "line", "parents"], GONE
    yield "a line that names itself", [*SAMPLED, "line", "parents"], ["#1"]


def _lies(ledger: PackLedger) -> Iterator[tuple[str, Path, Any]]:
    file = pack_file(ledger)
    path = file["place"]["path"]
    neighbour = pack_file(ledger, ordinal=0)
    enrolled = ledger.proof("enrol", keys=("genesis", "admit"))
    yield "another product", ["pack", "gtin"], "09521568251211"
    yield "another lot", ["pack", "lot"], "A124"
    yield "a later expiry", ["pack", "expiry"], "2029-02-28"
    yield "another serial", ["pack", "serial"], "S9"
    yield "the serial of its neighbour", ["pack", "serial"], "S1"
    yield "the place of its neighbour", ["place"], neighbour["place"]
    yield "the next ordinal", ["place", "ordinal"], 2
    yield "an ordinal beyond the lot", ["place", "ordinal"], 3
    yield "another salt of the serial", ["place", "salt"], format_base64(bytes(16))
    yield "a path hash less", ["place", "path"], path[:-1]
    yield "a path hash more", ["place", "path"], [*path, path[0]]
    yield "two path hashes exchanged", ["place", "path"], path[::-1]
    yield "the proof of a key", ["statement"], enrolled
    yield "the proof of a despatch", ["statement"], ledger.proof("ship")
    yield "another time of acceptance", ["statement", "accepted_ms"], cast.AT - 1
    yield "another salt of the leaf", [*PROOF, "salt"], format_base64(bytes(32))
    yield "the leaf of the despatch", PROOF, ledger.proof("ship")["leaves"][0]
    yield "the place of another leaf", [*PROOF, "proof"], ledger.place(0)
    yield "another map root", ["statement", "map_root"], ledger.placed(ledger.runs[0])


def _lies_of_the_history(ledger: PackLedger) -> Iterator[tuple[str, Path, Any]]:
    _, shipped, sampled = history_of(ledger)
    line = sampled["line"]
    yield "a despatch of other packs", [*SHIPPED, "ranges"], [[0, 1]]
    yield "a despatch of more packs", [*SHIPPED, "ranges"], [[0, 3]]
    yield "the other line's packs", [*SAMPLED, "ranges"], [[0, 0]]
    yield (
        "the other line, whole",
        SAMPLED,
        {
            **sampled,
            "ranges": [[0, 0]],
            "line": {
                **line,
                "number": 0,
                "index": 0,
                "path": [format_base64(LINE_LEAVES[1])],
            },
        },
    )
    yield "another event", [*SAMPLED, "line", "event", "bizStep"], "destroying"
    yield "another number of the line", [*SAMPLED, "line", "number"], 0
    yield "another place of the line", [*SAMPLED, "line", "index"], 0
    yield "a line beyond the file", [*SAMPLED, "line", "index"], 2
    yield "a line without its path", [*SAMPLED, "line", "path"], []
    yield "a file of events without its line", [*SAMPLED, "line"], GONE
    yield "a line beside one event", [*SHIPPED, "line"], line
    yield "steps out of order", ["history"], [sampled, shipped]
    yield (
        "the proof of a key as a step",
        [*SHIPPED, "proof"],
        ledger.proof("enrol", keys=("genesis", "admit")),
    )
    yield (
        "a step that does not prove",
        [*SHIPPED, "proof", "accepted_ms"],
        cast.AT + 401,
    )

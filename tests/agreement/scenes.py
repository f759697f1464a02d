"""Evidence that holds, of every sort: what tampering starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes
from apps.core.envelope import (
    envelope_json,
)
from apps.core.epcis import event_json
from apps.core.events import events_root, line_leaf
from apps.core.ranges import set_digest
from apps.core.subjects import EventsRoot, Moved, Subject
from tests.agreement.scene import KEYS, Scene, grown, id_of, proven
from tests.agreement.signers import curve, lent_voice, passkey, quantum
from tests.core.outside import small_ledger as cast
from tests.core.signing.epcis_cast import EVENTS


def commissioning() -> Scene:
    """A lot of three packs, and the receipt for it."""
    ledger = cast.small_ledger()
    scene = proven(ledger, "commission")
    scene.documents.append(envelope_json(ledger.receipt("commission")))
    return scene


def enrolment() -> Scene:
    """Two leaves, under the first run of the log."""
    return proven(cast.small_ledger(), "enrol")


def genesis() -> Scene:
    """Leaf 0."""
    return proven(cast.small_ledger(), "genesis", KEYS[:1])


def keys_apart() -> Scene:
    """The keys are shown by files of their own."""
    ledger = cast.small_ledger()
    said = [envelope_json(ledger.said[name][0]) for name in KEYS]
    return Scene([ledger.proof("commission"), *said], id_of(ledger))


def unrooted() -> Scene:
    """Nobody said which genesis is meant."""
    return replace(commissioning(), genesis_id="")


def bare() -> Scene:
    """A tlog-proof and its leaf."""
    ledger = cast.small_ledger()
    return Scene([ledger.place(6), ledger.leaves[6].encode().hex()])


def late() -> Scene:
    """A run left the statement waiting."""
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.seal()
    ledger.time_ms = cast.AT + 200_000
    ledger.append("later", cast.enrol("later"), "nora", "later")
    ledger.seal()
    ledger.append("last", cast.commission(), "nils")
    ledger.seal()
    for number in range(9):
        ledger.append(f"more {number}", cast.enrol(f"n{number}"), "nora", f"n{number}")
    ledger.close()
    return proven(ledger)


def file_of_events() -> Scene:
    """Two new containers in one file."""
    box = event_json(EVENTS["commission_container"])
    lines = 2 * (canonical_bytes({"event": box, "parents": []}) + b"\n")
    nothing = Moved(0, set_digest(()))
    root = events_root(
        line_leaf(number=number, event=box, parents=(), moved=nothing)
        for number in range(2)
    )
    return _with_file(lines, root)


def file_of_packs() -> Scene:
    """A file whose root takes lists of serials."""
    names = ("commission_container", "dispense")
    lines = b"".join(
        canonical_bytes({"event": event_json(EVENTS[name]), "parents": []}) + b"\n"
        for name in names
    )
    return _with_file(lines, EventsRoot(2, cast.fixed("a root")))


def _with_file(lines: bytes, root: EventsRoot) -> Scene:
    subject = Subject(cast.fixed("a tag"), events=root)
    body = EventsFile.of(lines).to_json()
    said = cast.statement("events", cast.NOVAMED, "nils", [subject], body)
    ledger = grown(("last", said, ("nils",)))
    ledger.close()
    scene = proven(ledger)
    scene.documents.append(lines)
    return scene


SCENES: dict[str, Callable[[], Scene]] = {
    each.__name__: each
    for each in (
        commissioning, enrolment, genesis, keys_apart, unrooted, bare, late,
        file_of_events, file_of_packs, lent_voice, curve, passkey, quantum,
    )
}  # fmt: skip

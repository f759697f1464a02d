"""Goods as a bundle shows them: serials, lines of files, and the sets to be stated.

What an event moved stands in its lines. Packing and holds move nothing, so their sets
are worked out as the verifier will do it, and compared with what was signed; where
they differ, the whole law is replayed once, which knows all containers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from django.db.models import Q
from pyroaring import BitMap

from apps.catalog.models import Batch
from apps.core.bundle.boxes import Named
from apps.core.bundle.build import LineRow, Saying
from apps.core.bundle.follow import Follower
from apps.core.bundle.lotlaw import PACKING, UNPACKING
from apps.core.errors import IntegrityBreach, LedgerConflict
from apps.core.events import events_root, line_leaf
from apps.core.ranges import Ranges, set_digest
from apps.core.statement import GOODS_KINDS
from apps.core.subjects import Moved, Reference
from apps.custody.formats import ranges, to_set
from apps.custody.models import Commissioning, Event, EventLine
from apps.custody.queries.bundled_names import Names
from apps.custody.queries.commissionings import iter_serials
from apps.custody.queries.replay import Replay
from apps.custody.references import events_of
from apps.ledger.queries.sealed import Sealed

Units = Mapping[str, BitMap]
_CORRECTING: Final = "correcting"
_MOVELESS: Final = frozenset({PACKING, UNPACKING, "holding", "releasing"})


class NeedsReplay(Exception):  # noqa: N818 - a signal between two passes, no error
    """A set does not follow from the lots' own events: begin again with `replayed`."""


class _EventRow(NamedTuple):
    """What is asked of an event's row."""

    pk: int
    ref: str
    rule: str
    parent_ref: str


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of some statements' events: by reference, and units by event row."""

    events: Mapping[str, _EventRow]
    units: Mapping[int, dict[str, BitMap]]


class LotGoods:
    """Takes the statements of a bundle in order and adds what is said of goods.

    Args:
        batches: the lots of the bundle.
        exact: sets of events that move nothing, by reference, as a replay found them.
    """

    def __init__(
        self, batches: Sequence[Batch], exact: Mapping[str, Units] | None = None
    ) -> None:
        self._tags = {batch.pk: bytes(batch.tag).hex() for batch in batches}
        self._lots = set(self._tags.values())
        self._exact = exact
        self._names = Names(batches)
        self._follower: Follower[BitMap] = Follower(BitMap)
        rows = Commissioning.objects.filter(batch__in=list(self._tags))
        self._commissionings = {row.statement_id: row for row in rows}

    def extend(self, part: Sequence[Sealed]) -> Iterator[Saying]:
        """The statements, each with its serials, lines and stated sets.

        Raises:
            NeedsReplay: only without `exact`.
        """
        rows = self._read([each for each in part if each.kind in GOODS_KINDS])
        for sealed in part:
            saying = plain(sealed)
            if sealed.kind in GOODS_KINDS:
                saying = self._goods(saying, sealed, rows)
            yield saying

    def _read(self, part: list[Sealed]) -> _Rows:
        wanted = Q(ref__in=[each.id for each in part])
        for each in part:
            if each.kind == "events":
                wanted |= Q(ref__range=events_of(each.id))
        said = Event.objects.filter(wanted).values_list(*_EventRow._fields)
        events = {row.ref: row for row in map(_EventRow._make, said)}
        lines = EventLine.objects.filter(
            event_id__in=[row.pk for row in events.values()],
            batch_id__in=list(self._tags),
        ).values_list("event_id", "batch_id", "units")
        units: dict[int, dict[str, BitMap]] = {}
        for event_id, batch_id, stored in lines:
            tag, found = self._tags[batch_id], units.setdefault(event_id, {})
            moved = to_set(stored)
            found[tag] = found[tag] | moved if tag in found else moved
        return _Rows(events, units)

    def _goods(self, saying: Saying, sealed: Sealed, rows: _Rows) -> Saying:
        begun = self._commissionings.get(sealed.id)
        if begun is not None:
            tag = bytes.fromhex(self._tags[begun.batch_id])
            self._follower.commission(tag.hex(), begun.size)
            serials = iter_serials(tag=tag, base=begun.base, size=begun.size)
            return replace(saying, seed=bytes(begun.seed), serials=serials)
        payload = json.loads(sealed.payload)
        if sealed.kind == "event":
            one = self._event(sealed.id, payload["body"], rows)
            if one.is_guess and not one.is_signed(payload["subjects"], self._lots):
                raise NeedsReplay
            return replace(saying, ranges=one.stated)
        return replace(saying, lines=list(self._lines(sealed, payload, rows)))

    def _lines(
        self, sealed: Sealed, payload: dict[str, Any], rows: _Rows
    ) -> Iterator[LineRow]:
        shown, is_guess = [], False
        for number, data in enumerate(sealed.lines.split(b"\n")[:-1]):
            said = json.loads(data)
            one = self._event(f"{sealed.id}#{number}", said["event"], rows)
            is_guess = is_guess or one.is_guess
            if one.units:
                shown.append((number, data, said, one))
        if is_guess:
            self._verify_roots(payload["subjects"], shown)
        for number, data, _, one in shown:
            yield LineRow(number, data, one.stated)

    def _verify_roots(
        self,
        subjects: list[dict[str, Any]],
        shown: list[tuple[int, bytes, dict[str, Any], _One]],
    ) -> None:
        """Compare the root of each lot over the lines with the one that was signed."""
        signed = {each["tag"]: each["events"]["root"] for each in subjects}
        for tag in self._lots & signed.keys():
            leaves = [
                line_leaf(
                    number=number,
                    event=said["event"],
                    parents=[Reference.parse(each) for each in said["parents"]],
                    moved=_moved(one.units[tag]),
                )
                for number, _, said, one in shown
                if tag in one.units
            ]
            if events_root(leaves).root.hex() != signed[tag]:
                raise NeedsReplay

    def _event(self, ref: str, event: dict[str, Any], rows: _Rows) -> _One:
        row = rows.events.get(ref)
        if row is None:
            raise IntegrityBreach(
                "event_missing", field=ref, wanted="manage.py rebuild"
            )
        named, corrects = self._names.of(event), _corrected_rule(row)
        units, is_guess = self._units(row, named, rows, corrects)
        if not units:
            return _One({}, {}, is_guess)
        stated = self._follower.event(row.rule, named, units, corrects=corrects)
        made = {bytes.fromhex(tag): tuple(ranges(part)) for tag, part in stated.items()}
        return _One(units, made, is_guess)

    def _units(
        self, row: _EventRow, named: Named[BitMap], rows: _Rows, corrects: str
    ) -> tuple[Units, bool]:
        """The units that an event is about, and whether that is a guess."""
        if row.rule not in _MOVELESS and corrects != PACKING:
            return rows.units.get(row.pk, {}), False
        if self._exact is not None:
            return self._exact.get(row.ref, {}), False
        return self._follower.known(named), bool(named.boxes) or named.takes_all_out


@dataclass(frozen=True, slots=True)
class _One:
    """An event: its units by lot, and those that must be stated."""

    units: Units
    stated: Mapping[bytes, Ranges]
    is_guess: bool

    def is_signed(self, subjects: list[dict[str, Any]], lots: set[str]) -> bool:
        """Whether the subjects of a statement of one event say the same of the lots."""
        wanted = {
            each["tag"]: Moved(each["n"], bytes.fromhex(each["set"]))
            for each in subjects
            if each["tag"] in lots
        }
        return wanted == {tag: _moved(part) for tag, part in self.units.items()}


def plain(sealed: Sealed) -> Saying:
    """A statement that says nothing of goods."""
    return Saying(sealed.id, sealed.accepted_ms, sealed.envelope, sealed.salts)


def replayed(batches: Sequence[Batch], *, tick: Callable[[], None]) -> dict[str, Units]:
    """The sets of all events about the lots that move nothing, by the whole law.

    Args:
        tick: called for each event of the ledger; it may raise.

    Raises:
        LedgerConflict: `history_erased`: the books were closed, so that the law is not
            replayed over what lies before.
        TraceError: the log has something that the law does not accept.
    """
    lots = {bytes(batch.tag).hex() for batch in batches}
    found: dict[str, Units] = {}
    replay = Replay()
    replay.begin()
    if replay.closed is not None:
        raise LedgerConflict(
            "history_erased",
            got=f"closing {replay.closed.closing.number}",
            wanted="lots whose sets follow without the whole law",
        )
    for judged in replay.run():
        tick()
        touched = {
            tag: part
            for tag, part in judged.event.units.items()
            if tag in lots and part
        }
        if touched and not judged.judgement.moves:
            found[judged.line.ref] = touched
    return found


def _corrected_rule(row: _EventRow) -> str:
    """The rule of the event that a correction takes back, "" for anything else."""
    if row.rule != _CORRECTING:
        return ""
    named = Event.objects.filter(ref=row.parent_ref)
    return named.values_list("rule", flat=True).first() or ""


def _moved(units: BitMap) -> Moved:
    return Moved(len(units), set_digest(tuple(ranges(units))))

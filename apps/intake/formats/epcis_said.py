"""What a file of EPCs says around its lists: where they are, and of which lot."""

from dataclasses import dataclass, field
from typing import Any, Final

from apps.core.errors import MalformedInput
from apps.intake.formats.epcis_walk import BEGINS, Place, refused
from apps.intake.formats.rows import MAX_ROWS, clip

_EVENTS: Final[Place] = ("epcisBody", "eventList")
_EVENT: Final[Place] = (*_EVENTS, None)
_LIST: Final[Place] = ("epcList",)
_EPC: Final[Place] = (*_LIST, None)
_LOT: Final[Place] = ("ilmd", "cbvmda:lotNumber")
_EXPIRY: Final[Place] = ("ilmd", "cbvmda:itemExpirationDate")
_ASKED: Final = frozenset(
    {("type",), ("action",), ("bizStep",), _LIST, ("ilmd",), _LOT, _EXPIRY}
)
_MAX_TEXT: Final = 200  # characters kept; no lot and no date has as many


@dataclass(slots=True)
class Run:
    """So many EPCs, one after the other, of one lot and expiry date."""

    count: int
    lot: str
    expiry: str


@dataclass(slots=True)
class _Event:
    """What one event says, by the place in it, and how many EPCs it lists."""

    said: dict[Place, Any] = field(default_factory=dict)
    count: int = 0

    def take(self, place: Place, value: Any) -> None:
        """A value begins here."""
        if place == _EPC:
            self.count += 1
        elif place in _ASKED:
            if place == _LIST and place in self.said:
                raise refused("an event with two lists of EPCs", "epcList once")
            self.said[place] = value[:_MAX_TEXT] if isinstance(value, str) else value

    def close(self) -> Run:
        """Its EPCs, if they begin with it.

        Raises:
            MalformedInput: `not_epcis`.
        """
        kind, action = (self.said.get((name,)) for name in ("type", "action"))
        if (kind, action) != ("ObjectEvent", "ADD"):
            raise refused(
                clip(f"{kind} with action {action}"), "ObjectEvents with action ADD"
            )
        # The context may name the steps in short or in full.
        step = str(self.said.get(("bizStep",), "commissioning"))
        if not step.endswith("commissioning") or step.endswith("decommissioning"):
            raise refused(clip(f"bizStep {step}"), "bizStep commissioning")
        ilmd = self.said.get(("ilmd",), {})
        if not isinstance(self.said.get(_LIST), list) or not isinstance(ilmd, dict):
            raise refused("an event without a list of EPCs", "epcList")
        lot, expiry = self.said.get(_LOT, ""), self.said.get(_EXPIRY, "")
        if not isinstance(lot, str) or not isinstance(expiry, str):
            raise refused("an ilmd whose lot or expiry is no text", "text")
        return Run(self.count, lot, expiry)


class Said:
    """Takes the tokens of a file, all of them.

    What tells a document from an event may stand at its end, so it is read as both.
    """

    def __init__(self) -> None:
        self._root: Any = None
        self._whole = _Event()
        self._count = 0  # of a bare list
        self._events: Any = None  # [] once the list of them began
        self._runs: list[Run] = []
        self._event: _Event | None = None
        self._fault: MalformedInput | None = None  # of the first event that has one

    def take(self, place: Place, kind: str, value: Any) -> None:
        """One token, as `walk` gives it.

        Raises:
            MalformedInput: `not_epcis`: a list that stands there twice.
        """
        if place[:2] == _EVENTS:
            self._take_events(place, kind, value)
        elif kind not in BEGINS:
            return
        elif not place:
            self._root = value
        elif place == (None,):
            self._count += 1
        else:
            self._whole.take(place, value)

    def _take_events(self, place: Place, kind: str, value: Any) -> None:
        begins = kind in BEGINS
        if place[:3] == _EVENT and len(place) > 3:
            if begins and self._event is not None:
                self._event.take(place[3:], value)
        elif place == _EVENT:
            if begins:
                self._event = _Event()
            if not begins or value != {}:
                self._end_event()
        elif place == _EVENTS and begins:
            if self._events is not None:
                raise refused("a document with two lists of events", "eventList once")
            self._events = value

    def _end_event(self) -> None:
        event, self._event = self._event, None
        if event is None or self._fault is not None:
            return
        try:
            run = event.close()
        except MalformedInput as error:
            self._fault = error  # without weight if the whole is one event
            return
        last = self._runs[-1] if self._runs else None
        if last and (last.lot, last.expiry) == (run.lot, run.expiry):
            last.count += run.count
        else:
            self._runs.append(run)
        if len(self._runs) > MAX_ROWS:
            raise too_many()

    def close(self) -> tuple[Place, list[Run]]:
        """Where EPCs stand, and how many of which lot, in the order of the file.

        Raises:
            MalformedInput: `not_epcis`, `too_many_rows`.
        """
        place, runs = self._find()
        if sum(run.count for run in runs) > MAX_ROWS:
            raise too_many()
        return place, runs

    def _find(self) -> tuple[Place, list[Run]]:
        if isinstance(self._root, list):
            return (None,), [Run(self._count, "", "")]
        if self._whole.said.get(("type",)) != "EPCISDocument":
            return _EPC, [self._whole.close()]
        if not isinstance(self._events, list):
            raise refused("a document without a list of events", "epcisBody.eventList")
        if self._fault is not None:
            raise self._fault
        return (*_EVENT, *_EPC), self._runs


def too_many() -> MalformedInput:
    """The refusal of more EPCs than one file may name."""
    return MalformedInput(
        "too_many_rows", field="file", wanted=f"at most {MAX_ROWS} EPCs"
    )

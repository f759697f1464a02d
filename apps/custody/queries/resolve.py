"""From what an event says to what the law judges: names become rows and sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pyroaring import BitMap

from apps.core.custody import CustodyEvent, NewUnits
from apps.core.custody.said import Said
from apps.core.errors import ForbiddenTransfer
from apps.custody.models import Container
from apps.custody.queries.containers import find_by_epc
from apps.custody.queries.load import Loaded, Touched
from apps.custody.queries.registry import find_positions

_OPENS: Final = "commissioning"
_CHANGE_HOLDS: Final = frozenset({"holding", "storing", "inspecting"})


@dataclass(frozen=True, slots=True)
class Named:
    """The rows behind an event's names.

    Args:
        loose: packs named one by one: ordinals by batch row.
        containers: EPCs of containers named, in the event's order.
        rows: the container rows, the parent of an aggregation included.
    """

    loose: Mapping[int, BitMap]
    containers: tuple[str, ...]
    rows: Mapping[str, Container]

    def without(self, epcs: Collection[str]) -> Named:
        """The same names but for the containers `epcs`."""
        kept = tuple(epc for epc in self.containers if epc not in epcs)
        return replace(self, containers=kept)


def find_named(said: Said) -> Named:
    """Look up every name of the event; an SSCC that nobody opened has no row.

    The law refuses those, together with containers of strangers.

    Raises:
        ForbiddenTransfer: `serial_unknown`.
    """
    positions = find_positions(said.packs)
    # A serialised trade item that is no pack is a case: a container.
    cases = [said.epc_of(pack) for pack in said.packs if pack not in positions]
    containers = (*said.sscc, *cases)
    rows = find_by_epc([*containers, said.parent])
    verify_known(said, cases, rows)
    loose: dict[int, BitMap] = {}
    for batch_id, ordinal in positions.values():
        loose.setdefault(batch_id, BitMap()).add(ordinal)
    return Named(loose, containers, rows)


def verify_known(said: Said, cases: Iterable[str], known: Collection[str]) -> None:
    """Check that trade items that are no packs are cases, but where they are opened.

    Raises:
        ForbiddenTransfer: `serial_unknown`.
    """
    if said.biz_step == _OPENS:
        return
    for epc in cases:
        if epc not in known:
            raise ForbiddenTransfer(
                "serial_unknown",
                rule=said.biz_step,
                got=epc,
                wanted="a commissioned number",
            )


def touched_by(
    said: Said, named: Named, *, by: str, parents: tuple[str, ...], is_locking: bool
) -> Touched:
    """What has to be read, and locked, to judge the event."""
    return Touched(
        by=by,
        destination=said.destination,
        loose=named.loose,
        container_ids=frozenset(row.pk for row in named.rows.values()),
        parents=parents,
        is_error=bool(said.error),
        is_locking=is_locking,
        changes_holds=changes_holds(said),
    )


def changes_holds(said: Said) -> bool:
    """Whether the event sets or lifts a hold, or might."""
    return said.biz_step in _CHANGE_HOLDS or said.disposition == "returned"


def build_event(
    said: Said,
    named: Named,
    loaded: Loaded,
    *,
    ref: str,
    by: str,
    parents: tuple[str, ...],
    new_units: NewUnits[BitMap] | None = None,
) -> CustodyEvent[BitMap]:
    """The event with its units resolved against the containers as loaded."""
    loose = {loaded.tags[key]: units for key, units in named.loose.items()}
    units = dict(loose)
    boxes = named.containers
    if said.takes_all_out:
        boxes = (said.parent,)
    for epc in boxes:
        box = loaded.state.containers.get(epc)
        for tag, inside in (box.units if box else {}).items():
            units[tag] = units[tag] | inside if tag in units else inside
    if new_units is not None:
        units = {new_units.tag: new_units.units}
    return CustodyEvent(
        ref=ref,
        by=by,
        form=said.form,
        action=said.action,
        biz_step=said.biz_step,
        disposition=said.disposition,
        site=said.site,
        units=units,
        loose=loose,
        containers=named.containers,
        parent=said.parent,
        parents=parents,
        source=said.source,
        destination=said.destination,
        destination_site=said.destination_site,
        has_rma=said.has_rma,
        lifts=said.lifts,
        error=said.error,
        new_units=new_units,
    )

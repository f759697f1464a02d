"""From what an event says to what the law judges: names become rows and sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pyroaring import BitMap

from apps.core.custody import CustodyEvent, NewUnits
from apps.core.custody.said import Said
from apps.core.errors import ForbiddenTransfer
from apps.custody.queries.load import Loaded

_OPENS: Final = "commissioning"


@dataclass(frozen=True, slots=True)
class Named:
    """The rows behind an event's names.

    Args:
        loose: packs named one by one: ordinals by batch row.
        containers: EPCs of containers named, in the event's order.
    """

    loose: Mapping[int, BitMap]
    containers: tuple[str, ...]

    def without(self, epcs: Collection[str]) -> Named:
        """The same names but for the containers `epcs`."""
        kept = tuple(epc for epc in self.containers if epc not in epcs)
        return replace(self, containers=kept)


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

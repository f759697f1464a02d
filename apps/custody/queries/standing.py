"""How things stand that some wishes name: read once, then changed in memory alone.

Nothing is locked and nothing written. A draft promises nothing: the law is asked again,
under locks, when the signature comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from pyroaring import BitMap

from apps.core.custody import Batch, CustodyEvent, Judgement, Shipment, State, fold
from apps.core.custody import effects as fx
from apps.core.custody.said import Pack, Said
from apps.core.epcis import EpcisEvent, PackEpc
from apps.custody.formats import CHUNK
from apps.custody.queries.ground import Ground, read
from apps.custody.queries.load import Loaded
from apps.custody.queries.registry import serials_in
from apps.custody.queries.surroundings import Surroundings
from apps.custody.queries.touching import Found, find_touched
from apps.custody.queries.wanted import Wanted
from apps.partners import queries as partners


@dataclass(slots=True)
class Standing:
    """The state that wishes of one party are judged on, each as those before left it.

    Args:
        found: the rows behind all names.
        around: keeps up with what is in which container.
        said: earlier events that are taken back, by reference.
        documents: of shipments, by reference.
        names: of partners, by GLN.
    """

    by: str
    found: Found
    ground: Ground
    around: Surroundings
    said: Mapping[str, EpcisEvent]
    documents: dict[str, Sequence[Mapping[str, str]]]
    names: Mapping[str, str]
    _serials: dict[str, dict[int, str]] = field(default_factory=dict)  # by batch tag

    @classmethod
    def read(cls, wanted: Wanted, *, by: str) -> Self:
        """Read what is wanted, as it is at this moment."""
        found = find_touched(wanted.names, by=by, refs=())
        # A return goes back to whom the goods came from.
        found.names.addressees |= found.senders
        ground = read(found, by=by, genesis=partners.get_genesis())
        return cls(
            by=by,
            found=found,
            ground=ground,
            around=Surroundings(ground.loaded.state),
            said=wanted.said,
            documents=dict(wanted.documents),
            names=partners.names_of_glns({by, *found.names.addressees}),
        )

    @property
    def state(self) -> State[BitMap]:
        """Where everything is now."""
        return self.ground.loaded.state

    def seen(self, said: Said) -> Loaded:
        """The part of it that the law has to look at for one event."""
        loaded = self.ground.loaded
        loose = self.found.loose_of(said)
        trees = self.around.around(
            epcs=(*self.found.boxes_of(said), said.parent),
            loose={loaded.tags[key]: units for key, units in loose.items()},
        )
        # Only who takes an event back may lean on it.
        events = loaded.state.events if said.error else {}
        return replace(
            loaded, state=replace(loaded.state, containers=trees, events=events)
        )

    def take(
        self,
        said: Said,
        event: CustodyEvent[BitMap],
        judgement: Judgement[BitMap],
        at_ms: int,
    ) -> None:
        """Go on as if the event had been signed."""
        fold(self.state, event, judgement, at_ms)
        self.around.note(judgement)
        for effect in judgement.effects:
            if isinstance(effect, fx.Despatch):
                self.documents[effect.shipment.ref] = said.documents

    def find_batch(self, gtin: str, lot: str) -> Batch[BitMap] | None:
        """The batch of a lot that the wishes name."""
        batches = self.state.batches.values()
        return next((b for b in batches if (b.gtin, b.lot) == (gtin, lot)), None)

    def find_sale(self, pack: Pack) -> str:
        """The reference of the latest sale of a pack to the party; "" if none is."""
        if pack not in self.found.positions:
            return ""
        batch_id, ordinal = self.found.positions[pack]
        tag = self.ground.loaded.tags[batch_id]
        sales = [
            each
            for each in self.state.shipments.values()
            if each.addressee == self.by
            and each.purpose == "sale"
            and ordinal in each.sent.get(tag, ())
        ]
        return max(sales, key=self._row_of).ref if sales else ""

    def _row_of(self, shipment: Shipment[BitMap]) -> int:
        # Nobody sells to himself, so it is none of these wishes.
        return self.ground.despatches[shipment.ref]

    def packs(self, tag: str, units: BitMap) -> list[PackEpc]:
        """Packs of a batch by their codes; from now on they are known by these."""
        batch_id, batch = self.ground.loaded.batch_ids[tag], self.state.batches[tag]
        known = self._serials.setdefault(tag, {})
        if missing := {ordinal // CHUNK for ordinal in units if ordinal not in known}:
            known |= serials_in(batch_id=batch_id, chunk_numbers=missing)
        for ordinal in units:
            self.found.positions[batch.gtin, known[ordinal]] = batch_id, ordinal
        return [PackEpc(batch.gtin, known[ordinal]) for ordinal in units]

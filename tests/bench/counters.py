"""Pharmacies with packs on their shelves, and what they sign about them, unsent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from pyroaring import BitMap

from apps.core.bodies import EventsFile
from apps.core.canonical import JsonValue, canonical_bytes
from apps.core.envelope import STATEMENT_TYPE, envelope_bytes
from apps.core.epcis import EpcisEvent, PackEpc, build, event_json
from apps.core.epcis.parts import Handover, Occasion, Units
from apps.core.signing import sign_envelope
from apps.core.subjects import Reference, Subject
from apps.custody.queries.sums import FileSums, Line, subjects_of_event
from apps.ledger.formats import as_ms, new_statement
from pharmatrace.demo.cast import AMOXIL, NOVAMED
from tests.bench.holders import Holder, admit
from tests.bench.saying import Sayer, Voice
from tests.bench.world import World
from tests.custody.goods import site

Said = tuple[bytes, bytes | None]  # an envelope, and its file of events
_AT_ONCE = 500  # packs a despatch


@dataclass(slots=True)
class Counter:
    """A pharmacy, and the packs of one lot that it has not supplied yet."""

    world: World
    holder: Holder
    tag: str
    packs: Iterator[tuple[int, str]]  # ordinal, serial

    def dispenses(self, count: int) -> list[Said]:
        """So many signed supplies of one pack each."""
        return [self._dispense() for _ in range(count)]

    def shift(self, count: int) -> Said:
        """So many supplies in one signed file."""
        sums, lines = FileSums(), []
        for _ in range(count):
            event, units = self._next()
            line = Line(event_json(event), [], units, self.holder.gln)
            sums.add(line)
            lines.append(canonical_bytes({"event": dict(line.event), "parents": []}))
        file = b"".join(line + b"\n" for line in lines)
        body = EventsFile.of(file).to_json()
        sealed = seal(self.world, self.holder.voice, "events", sums.subjects(), body)
        return sealed, file

    def _dispense(self) -> Said:
        event, units = self._next()
        return one_event(self.world, self.holder.voice, event, units), None

    def _next(self) -> tuple[EpcisEvent, dict[str, BitMap]]:
        ordinal, serial = next(self.packs)
        here = Occasion(as_ms(self.world.stage.at), self.holder.site)
        named = Units([PackEpc(AMOXIL.gtin, serial)])
        return build.dispense(here, units=named), {self.tag: BitMap([ordinal])}


def stock(
    world: World, *, lot: str, names: Sequence[str], holders: Sequence[Holder]
) -> list[Counter]:
    """One lot of which each holder has as many packs, neighbours in turn."""
    world.goods.commission(lot=lot, names=list(names))
    tag = bytes(world.goods.batch(lot).tag).hex()
    counters = []
    for place, holder in enumerate(holders):
        own = list(enumerate(names))[place :: len(holders)]
        for start in range(0, len(own), _AT_ONCE):
            _deliver(world, tag, holder, own[start : start + _AT_ONCE])
        counters.append(Counter(world, holder, tag, iter(own)))
    return counters


def pharmacies(world: World, count: int) -> list[Holder]:
    """So many of them, admitted and licensed."""
    return admit(Sayer(world.stage), count)


def _deliver(
    world: World, tag: str, holder: Holder, own: Sequence[tuple[int, str]]
) -> None:
    stage = world.stage
    maker = Voice(NOVAMED.gln, NOVAMED.admin.signer, [stage.keyring.key_of(NOVAMED)])
    named = Units([PackEpc(AMOXIL.gtin, serial) for _, serial in own])
    units = {tag: BitMap([ordinal for ordinal, _ in own])}
    way = Handover(NOVAMED.gln, site(NOVAMED), holder.gln, holder.site)
    at_ms = as_ms(stage.at)
    sent = build.ship(Occasion(at_ms, site(NOVAMED)), units=named, handover=way)
    sale = stage.send(one_event(world, maker, sent, units)).statement_id
    came = build.receive(
        Occasion(at_ms, holder.site), units=named, handover=way, is_inferred=False
    )
    stage.send(one_event(world, holder.voice, came, units, sale))


def one_event(
    world: World,
    voice: Voice,
    event: EpcisEvent,
    units: Mapping[str, BitMap],
    *after: str,
) -> bytes:
    """The envelope of a statement of one event."""
    parents = [Reference.parse(ref) for ref in after]
    line = Line(event_json(event), parents, units, voice.gln)
    subjects = subjects_of_event(line)
    return seal(world, voice, "event", subjects, line.event, parents)


def seal(
    world: World,
    voice: Voice,
    kind: str,
    subjects: Sequence[Subject],
    body: Mapping[str, JsonValue],
    parents: Sequence[Reference] = (),
) -> bytes:
    """The envelope of any statement, signed now."""
    payload = new_statement(
        kind=kind,
        by=voice.gln,
        signer=voice.signer,
        meaning="I hand over these packs",
        subjects=subjects,
        parents=parents,
        body=body,
        at=world.stage.tick(),
        ledger=settings.LEDGER_ORIGIN,
    )
    envelope = sign_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, private_keys=list(voice.keys)
    )
    return envelope_bytes(envelope)

"""Generated histories of two lots, signed for real and judged by the whole law.

A `History` is a ledger in memory: every statement is signed by its party's key and
becomes leaves, every event is accepted by the law with all containers and both lots in
sight. `plan_of` and `bundle_of` make the bundle of some of its lots.
"""

from collections import Counter
from dataclasses import replace

from apps.core.bodies import (
    EventsFile,
)
from apps.core.canonical import canonical_bytes
from apps.core.custody import (
    CustodyEvent,
    NewUnits,
    apply,
)
from apps.core.custody.said import said_of
from apps.core.envelope import (
    statement_id,
)
from apps.core.epcis import build, event_json
from apps.core.epcis.parts import Occasion
from apps.core.errors import ForbiddenTransfer, LedgerConflict
from apps.core.events import events_root, line_leaf
from apps.core.leaf import (
    batch_tag,
    party_tag,
)
from apps.core.ordinals import Ordinals
from apps.core.serials import serials_root
from apps.core.statement import Subject
from apps.core.subjects import Reference, Serials
from tests.core.bundle.recalling import Recalling
from tests.core.bundle.saying import (
    EXPIRY,
    GTIN,
    NOVAMED,
    NOVAMED_DC,
    TAG_KEY,
    Line,
    fixed,
    moved,
    subjects_of,
)
from tests.core.custody.world import verify_carried

REFUSALS = (ForbiddenTransfer, LedgerConflict)


class History(Recalling):
    """A ledger in memory with two licensed pharmacies, a wholesaler and a maker."""

    def tag(self, lot, gtin=GTIN):
        return batch_tag(TAG_KEY, gtin=gtin, lot=lot)

    def commission(self, lot, count, gtin=GTIN):
        """A lot begins, or grows."""
        tag = self.tag(lot, gtin)
        name = tag.hex()
        base = self.state.batches[name].size if name in self.state.batches else 0
        serials = [f"{lot}{gtin[-3:]}{n:04}" for n in range(base, base + count)]
        seed = fixed(f"seed {lot} {base}")
        event = build.commission_lot(
            Occasion(self.at_ms - 1_000, NOVAMED_DC, "+01:00"),
            gtin=gtin, lot=lot, expiry_date=EXPIRY, size=count,
        )  # fmt: skip
        units = Ordinals.from_ranges([(base, base + count - 1)])
        root = serials_root(seed=seed, gtin=gtin, base=base, serials=serials)
        signed = Serials(base, count, root, gtin, lot, EXPIRY)
        subject = Subject(tag, moved=moved(units), serials=signed)
        new = NewUnits(name, gtin, lot, EXPIRY, base, count, units)
        made = self._custody(event, NOVAMED, (), new=new)
        statement, envelope = self._signed(
            "event", NOVAMED, event_json(event), [subject]
        )
        made = replace(made, ref=statement_id(envelope))
        self._apply(made)
        self.state.batches[name].brand_owner = NOVAMED
        self.serials.setdefault(name, []).extend(serials)
        for ordinal, serial in enumerate(serials, base):
            self.where[gtin, serial] = (name, ordinal)
        self._cover()
        self._log(statement, envelope, units={name: units}, seed=seed, serials=serials)
        return made.ref

    def do(self, event, by, parents=(), *, lent=False):
        """Say one event; its reference. Raises what the law raises, saying nothing."""
        made = self._custody(event, by, parents)
        subjects = subjects_of(made.units, by)
        statement, envelope = self._signed(
            "event", by, event_json(event), subjects, (), parents, by if lent else None
        )
        made = replace(made, ref=statement_id(envelope))
        rule, corrects = self._apply(made)
        self.events[made.ref] = (event, by)
        line = Line(0, b"", made, said_of(event), rule, corrects)
        return self._log(statement, envelope, units=dict(made.units), lines=[line])

    def do_all(self, planned, by):
        """Say several events in one file: functions that give event and parents."""
        lines, roots = [], {}
        for number, plan in enumerate(planned):
            event, parents = plan()
            made = replace(self._custody(event, by, parents), ref=f"#{number}")
            rule, corrects = self._apply(made)
            data = canonical_bytes(
                {"event": event_json(event), "parents": list(parents)}
            )
            lines.append(Line(number, data, made, said_of(event), rule, corrects))
            touched = {t: u for t, u in made.units.items() if u}
            if not touched:
                touched = {party_tag(TAG_KEY, gln=by).hex(): Ordinals()}
            for tag, units in touched.items():
                roots.setdefault(tag, []).append(
                    line_leaf(
                        number=number, event=event_json(event),
                        parents=tuple(map(Reference.parse, parents)), moved=moved(units),
                    )
                )  # fmt: skip
        data = b"".join(line.data + b"\n" for line in lines)
        subjects = [
            Subject(bytes.fromhex(tag), events=events_root(leaves))
            for tag, leaves in roots.items()
        ]
        body = EventsFile.of(data).to_json()
        statement, envelope = self._signed("events", by, body, subjects)
        identity = statement_id(envelope)
        self._rename(identity, lines)
        self._log(statement, envelope, lines=lines)
        return identity

    def _rename(self, identity, lines):
        """References inside the file become references to it."""
        state = self.state
        for line in lines:
            old, new = line.event.ref, identity + line.event.ref
            line.event = replace(line.event, ref=new, parents=tuple(
                identity + each if each.startswith("#") else each
                for each in line.event.parents
            ))  # fmt: skip
            state.events[new] = replace(state.events.pop(old), ref=new)
            state.later[new] = state.later.pop(old, {})
            if old in state.shipments:
                shipment = state.shipments.pop(old)
                shipment.ref = new
                state.shipments[new] = shipment
            self.rules[new] = self.rules.pop(old)
        for ref, record in list(state.events.items()):
            if record.shipment.startswith("#"):
                state.events[ref] = replace(record, shipment=identity + record.shipment)

    def _custody(self, event, by, parents, new=None):
        said = said_of(event)
        loose, units = {}, {}
        boxes = list(said.sscc)
        for pack in said.packs:
            if pack in self.where:
                tag, ordinal = self.where[pack]
                loose.setdefault(tag, []).append(ordinal)
            else:
                boxes.append(said.epc_of(pack))
        loose = {tag: Ordinals.of(found) for tag, found in loose.items()}
        units = dict(loose)
        for epc in [said.parent] if said.takes_all_out else boxes:
            box = self.state.containers.get(epc)
            for tag, inside in (box.units if box else {}).items():
                units[tag] = units[tag] | inside if tag in units else inside
        if new is not None:
            units = {new.tag: new.units}
        return CustodyEvent(
            ref="", by=by, form=said.form, action=said.action, biz_step=said.biz_step,
            disposition=said.disposition, site=said.site, units=units, loose=loose,
            containers=tuple(boxes), parent=said.parent, parents=tuple(parents),
            source=said.source, destination=said.destination,
            destination_site=said.destination_site, has_rma=said.has_rma,
            lifts=said.lifts, error=said.error, new_units=new,
        )  # fmt: skip

    def _apply(self, made):
        self.state = apply(self.state, made, self.at_ms)
        verify_carried(self.state)
        record = self.state.events[made.ref]
        for move in record.moves:
            self._hold(move.target.holder, move.tag, move.units)
        if made.new_units:
            self._hold(made.by, made.new_units.tag, made.new_units.units)
        corrects = next(
            (self.rules[p][0] for p in made.parents if p in self.rules), ""
        ) if made.error else ""  # fmt: skip
        self.rules[made.ref] = (record.rule, corrects)
        return record.rule, corrects

    def _hold(self, gln, tag, units):
        held = self.held.get((gln, tag), Ordinals())
        self.held[gln, tag] = held | units

    # --- what came of it ----------------------------------------------------------

    def places(self, tag):
        """Units by holder, site and status, as the whole law has them."""
        holdings = self.state.batches[tag.hex()].holdings
        return Counter(
            {tuple(place): len(units) for place, units in holdings.items() if units}
        )

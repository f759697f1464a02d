"""Random acts with goods, as the cast would do them."""

from apps.core.custody import ACTIVE, IN_TRANSIT
from apps.core.epcis import BizTransaction, PackEpc, build, parse_epc
from apps.core.epcis.parts import Handover, Occasion, Units
from apps.core.gs1 import compute_check_digit
from tests.core.bundle.saying import NOVAMED, RIVER, SITES, STELLA, TRANSPHARM

PHARMACIES = (STELLA, RIVER)
_RMA = BizTransaction("rma", "urn:epcglobal:cbv:bt:9521568000017:R1")


class GoodsActs:
    """Draws acts with goods: an event, who says it, what it builds on."""

    def __init__(self, history):
        self.history, self.rng = history, history.rng
        self.boxes = 0
        self.keys = 0
        self.done = {}

    # --- what there is ------------------------------------------------------------

    def occasion(self, gln):
        return Occasion(self.history.at_ms - 500, SITES[gln], "+01:00")

    def loose(self, gln, status=ACTIVE, most=4):
        """Some packs that a party holds in no container."""
        inside = {
            (tag, n)
            for each in self.history.state.containers.values()
            for tag, units in each.units.items()
            for n in units
        }
        found = [
            PackEpc(batch.gtin, self.history.serials[tag][n])
            for tag, batch in self.history.state.batches.items()
            for place, units in batch.holdings.items()
            if (place.holder, place.status) == (gln, status)
            for n in units
            if (tag, n) not in inside
        ]
        self.rng.shuffle(found)
        return found[: self.rng.randint(1, most)]

    def free(self, gln, status=ACTIVE, filled=True):
        """Outermost containers at a party."""
        found = [
            epc
            for epc, each in self.history.state.containers.items()
            if each.parent is None
            and (each.place.holder, each.place.status) == (gln, status)
            and (not filled or each.units)
        ]
        self.rng.shuffle(found)
        return [parse_epc(epc) for epc in found]

    def things(self, gln):
        """Something that a party may hand on: containers, packs, or both."""
        boxes = self.free(gln)[: self.rng.randint(0, 2)]
        packs = self.loose(gln) if not boxes or self.rng.random() < 0.4 else []
        return Units([*boxes, *packs])

    def holder(self):
        return self.rng.choice(list(SITES))

    def handover(self, by, to, documents=()):
        return Handover(by, SITES[by], to, SITES[to], documents)

    # --- acts ---------------------------------------------------------------------

    def new_box(self, gln):
        """A container number that a party has not used yet."""
        self.boxes += 1
        body = f"0{gln[:7]}{self.boxes:09}"
        return parse_epc(f"https://id.gs1.org/00/{body}{compute_check_digit(body)}")

    def open_box(self):
        gln = self.rng.choice([NOVAMED, NOVAMED, TRANSPHARM])
        event = build.commission_container(
            self.occasion(gln), container=self.new_box(gln)
        )
        return event, gln, ()

    def pack(self):
        gln = self.rng.choice([NOVAMED, NOVAMED, TRANSPHARM])
        boxes = self.free(gln, filled=False)
        parent = boxes[0]
        children = [*boxes[1 : 1 + self.rng.randint(0, 2)]]
        if not children or self.rng.random() < 0.5:
            children += self.loose(gln)
        event = build.pack(
            self.occasion(gln), container=parent, children=Units(children)
        )
        return event, gln, ()

    def unpack(self):
        gln = self.holder()
        parent = self.free(gln)[0]
        inner = [
            parse_epc(epc)
            for epc, each in self.history.state.containers.items()
            if each.parent == parent.uri
        ]
        children = Units(inner[:1]) if inner and self.rng.random() < 0.5 else Units()
        event = build.unpack(self.occasion(gln), container=parent, children=children)
        return event, gln, ()

    def ship(self):
        by = self.rng.choice([NOVAMED, NOVAMED, TRANSPHARM, TRANSPHARM, *PHARMACIES])
        to = self.rng.choice([gln for gln in SITES if gln != by])
        if by == NOVAMED and self.rng.random() < 0.7:
            to = TRANSPHARM
        event = build.ship(
            self.occasion(by), units=self.things(by), handover=self.handover(by, to)
        )
        return event, by, ()

    def _under_way(self, *purposes):
        found = [
            each
            for each in self.history.state.shipments.values()
            if any(each.open.values()) and each.purpose in purposes
        ]
        return self.rng.choice(found)

    def _came(self, shipment):
        """All of a shipment as it was listed, or a part of it."""
        boxes = [
            each
            for each in self.free(shipment.source.holder, IN_TRANSIT)
            if any(
                tag in shipment.open and units <= shipment.open[tag]
                for tag, units in self.history.state.containers[each.uri].units.items()
            )
        ]
        inside = {
            (tag, n)
            for each in boxes
            for tag, units in self.history.state.containers[each.uri].units.items()
            for n in units
        }
        packs = [
            PackEpc(self.history.state.batches[tag].gtin, self.history.serials[tag][n])
            for tag, units in shipment.open.items()
            for n in units
            if (tag, n) not in inside
        ]
        if self.rng.random() < 0.6:
            return Units([*boxes, *packs])
        if self.rng.random() < 0.5:
            # A part of what is in containers, pack by pack.
            every = [
                PackEpc(
                    self.history.state.batches[tag].gtin, self.history.serials[tag][n]
                )
                for tag, units in shipment.open.items()
                for n in units
            ]
            self.rng.shuffle(every)
            return Units(every[: self.rng.randint(1, 4)])
        return Units([*boxes[:1], *packs[: self.rng.randint(0, 2)]])

    def receive(self):
        shipment = self._under_way("sale", "recall")
        by, source = shipment.addressee, shipment.source
        event = build.receive(
            self.occasion(by),
            units=self._came(shipment),
            handover=Handover(source.holder, source.site, by, SITES[by]),
        )
        return event, by, (shipment.ref,)

    def void(self):
        shipment = self._under_way("sale", "return", "recall")
        by = shipment.source.holder
        event = build.void_shipping(self.occasion(by), units=self._came(shipment))
        return event, by, (shipment.ref,)

    def supply(self):
        by = self.rng.choice(PHARMACIES)
        how = self.rng.choice([build.dispense, build.dispense, build.dispense_part])
        units = Units(self.loose(by)) if self.rng.random() < 0.7 else self._inside(by)
        return how(self.occasion(by), units=units), by, ()

    def _inside(self, gln):
        """Packs out of a container, named one by one."""
        found = [
            PackEpc(self.history.state.batches[tag].gtin, self.history.serials[tag][n])
            for each in self.history.state.containers.values()
            if (each.place.holder, each.place.status) == (gln, ACTIVE)
            for tag, units in each.units.items()
            for n in units
        ]
        self.rng.shuffle(found)
        return Units(found[: self.rng.randint(1, 3)])

    def undo(self):
        found = [
            ref for ref, (rule, _) in self.history.rules.items()
            if rule.startswith("supplying") and ref in self.history.events
        ]  # fmt: skip
        return self._take_back(self.rng.choice(found), "did_not_occur")

    def correct(self):
        found = [ref for ref in self.history.rules if ref in self.history.events]
        return self._take_back(self.rng.choice(found[-8:]), "incorrect_data")

    def _take_back(self, ref, reason):
        event, by = self.history.events[ref]
        declared = build.declare_error(
            event, declaration_time_ms=self.history.at_ms, reason=reason
        )
        return declared, by, (ref,)

    def end(self):
        by = self.holder()
        how = self.rng.choice(
            [
                build.decommission,
                build.lose,
                build.report_stolen,
                build.destroy,
                build.sample,
            ]
        )
        units = self.things(by) if self.rng.random() < 0.5 else self._inside(by)
        return how(self.occasion(by), units=units), by, ()

    def hold(self):
        if self.rng.random() < 0.3:
            gln = self.holder()
            units = self.things(gln)
            event = build.hold(
                self.occasion(NOVAMED), units=units, disposition="recalled"
            )
            return event, NOVAMED, ()
        by = self.holder()
        return build.hold(self.occasion(by), units=self.things(by)), by, ()

    def release(self):
        held = [
            (tag, key, units)
            for tag, batch in self.history.state.batches.items()
            for key, units in batch.held.items()
            if units
        ]
        tag, held_by, units = self.rng.choice(held)
        gtin = self.history.state.batches[tag].gtin
        packs = [PackEpc(gtin, self.history.serials[tag][n]) for n in units]
        some = Units(packs[: self.rng.randint(1, 5)])
        by = held_by.owner
        if held_by.reason == "returned":
            return build.release_inspected(self.occasion(by), units=some), by, ()
        event = build.release(self.occasion(by), units=some, disposition=held_by.reason)
        return event, by, ()

    def send_back(self):
        sales = [
            s for s in self.history.state.shipments.values() if s.purpose == "sale"
        ]
        sale = self.rng.choice(sales)
        by, to = sale.addressee, sale.source.holder
        event = build.ship_return(
            self.occasion(by),
            units=self.things(by),
            handover=self.handover(by, to, (_RMA,)),
        )
        return event, by, (sale.ref,)

    def take_back(self):
        shipment = self._under_way("return")
        by, source = shipment.addressee, shipment.source
        event = build.receive_return(
            self.occasion(by),
            units=self._came(shipment),
            handover=Handover(source.holder, source.site, by, SITES[by], (_RMA,)),
        )
        return event, by, (shipment.ref,)

    def send_recalled(self):
        ref = self.rng.choice(list(self.history.state.recalls))
        by = self.rng.choice([TRANSPHARM, *PHARMACIES])
        to = self.rng.choice([NOVAMED, TRANSPHARM])
        event = build.ship_recalled(
            self.occasion(by),
            units=self.things(by),
            handover=self.handover(by, to, (_RMA,)),
        )
        return event, by, (ref,)

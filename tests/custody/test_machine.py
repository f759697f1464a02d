"""Random trade against a model of ten lines: a pack is at one holder, in one status.

The model does not know the law. It knows where a pack is, so it knows what must be
refused; what the law accepts moves it, and all tables must say the same afterwards.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.core.errors import ForbiddenTransfer, MalformedInput
from apps.custody import queries
from apps.custody.models import Container
from apps.custody.queries.containers import place_of
from pharmatrace.demo.cast import MARKT, NOVAMED, STELLA, Player
from pharmatrace.demo.stage import Stage
from tests.custody.books import Books
from tests.custody.goods import pack, site
from tests.custody.model import (
    BOXES,
    ENDS,
    LATER,
    NAMES,
    PLAYERS,
    Place,
    begin,
    one_of,
    players,
    seldom,
    some_boxes,
)
from tests.recalls.calls import close, open_recall


class Trade(Books):
    def act(self, by: Player, step: str, **wish: Any) -> str:
        """The reference of the event, "" if it was refused."""
        try:
            ref = self.goods.do(by, step, **wish).statement_id
        except (ForbiddenTransfer, MalformedInput):  # the law, or the wish itself
            return ""
        self.events[ref] = (by, step)
        self.is_fresh = True
        return ref

    def named(self, names: list[str], boxes: list[str]) -> tuple[list[Any], list[str]]:
        every = dict.fromkeys([*names, *self.inside(boxes)])
        return [*boxes, *(pack(name) for name in names)], list(every)

    def all_are(self, names: list[str], *places: Place) -> bool:
        return all(self.model.where[name] in places for name in names)

    def choose(self, data: Any, *statuses: str) -> tuple[Player, list[str]]:
        """Somebody and packs that it has in one of the statuses; seldom a lie."""
        stock: dict[str, list[str]] = {}
        for name, (holder, status) in self.model.where.items():
            if status in statuses:
                stock.setdefault(holder, []).append(name)
        holder = data.draw(st.sampled_from(sorted(stock) or [STELLA.gln]))
        own = st.sampled_from(stock.get(holder, NAMES))
        names = data.draw(st.lists(own, unique=True, min_size=1, max_size=3))
        if data.draw(seldom):
            names = sorted({*names, data.draw(st.sampled_from([*NAMES, *LATER]))})
        return next(p for p in PLAYERS if p.gln == holder), names

    def boxes_of(self, by: Player, data: Any, boxes: list[str]) -> list[str]:
        """Full boxes that stand free at `by`; seldom any."""
        free = Container.objects.filter(parent=None, holder=by.gln, status="active")
        own = set(free.filter(lines__count__gt=0).values_list("epc", flat=True))
        return boxes if data.draw(seldom) else sorted(own & set(boxes))

    @rule(data=st.data(), to=players, boxes=some_boxes, loose=st.booleans())
    def ship(self, data: Any, to: Player, boxes: list[str], loose: bool) -> None:
        by, names = self.choose(data, "active")
        boxes = self.boxes_of(by, data, boxes)
        items, every = self.named(names if loose or not boxes else [], boxes)
        ref = self.act(by, "ship", items=items, to={"gln": to.gln, "site": site(to)})
        if ref:
            assert self.all_are(every, (by.gln, "active"))
            self.model.move(ref, every, (by.gln, "in_transit"))
            self.shipments[ref] = (by, to, "receive")

    @precondition(lambda self: self.shipments)
    @rule(data=st.data(), boxes=some_boxes, by=players, whole=st.booleans())
    def receive(self, data: Any, boxes: list[str], by: Player, whole: bool) -> None:
        shipment = one_of(self.shipments, data)
        sender, to, step = self.shipments[shipment]
        by = data.draw(st.sampled_from([to, to, to, by]))
        listed = st.sampled_from(self.under_way(shipment) or NAMES)
        names = data.draw(st.lists(listed, unique=True, min_size=1, max_size=3))
        items, every = self.named(names, boxes if data.draw(seldom) else [])
        if whole:
            items, every = [], self.under_way(shipment)
        ref = self.act(by, step, shipment=shipment, items=items)
        if ref:
            assert by == to
            assert set(every) <= self.model.before[shipment].keys()
            assert self.all_are(every, (sender.gln, "in_transit"))
            self.model.move(ref, every, (to.gln, "active"))

    @precondition(lambda self: self.shipments)
    @rule(data=st.data(), whole=st.booleans())
    def void(self, data: Any, whole: bool) -> None:
        shipment = one_of(self.shipments, data)
        sender, _to, _step = self.shipments[shipment]
        listed = st.sampled_from(self.under_way(shipment) or NAMES)
        names = data.draw(st.lists(listed, unique=True, min_size=1, max_size=3))
        items, every = self.named(names, [])
        if whole:
            items, every = [], self.under_way(shipment)
        ref = self.act(sender, "void", shipment=shipment, items=items)
        if ref:
            assert self.all_are(every, (sender.gln, "in_transit"))
            self.model.move(ref, every, (sender.gln, "active"))

    def under_way(self, shipment: str) -> list[str]:
        listed = queries.open_items(ref=shipment)
        boxes = [item.epc for item in listed if item.kind == "container"]
        loose = [item.serial for item in listed if item.kind == "pack"]
        return self.named(loose, boxes)[1]

    @rule(data=st.data(), step=st.sampled_from(sorted(ENDS)))
    def end(self, data: Any, step: str) -> None:
        if not data.draw(seldom):
            return
        by, names = self.choose(data, "active", "partially_dispensed")
        items, every = self.named(names[:1], [])
        ref = self.act(by, step, items=items)
        if ref:
            assert self.all_are(
                every, (by.gln, "active"), (by.gln, "partially_dispensed")
            )
            self.model.move(ref, every, (by.gln, ENDS[step]))

    @rule(data=st.data(), whole=st.booleans())
    def dispense(self, data: Any, whole: bool) -> None:
        by, names = self.choose(data, "active", "partially_dispensed")
        step, status = (
            ("dispense", "dispensed")
            if whole
            else ("dispense_part", "partially_dispensed")
        )
        opened = (by.gln, "partially_dispensed")
        items, every = self.named(names, [])
        if by not in (STELLA, MARKT) and not data.draw(seldom):
            return
        ref = self.act(by, step, items=items)
        if ref:
            assert by in (STELLA, MARKT)
            assert self.all_are(every, (by.gln, "active"), opened)
            self.model.move(ref, every, (by.gln, status))

    @precondition(lambda self: self.events)
    @rule(data=st.data(), whole=st.booleans())
    def take_back(self, data: Any, whole: bool) -> None:
        ref = one_of(self.events, data)
        by, said = self.events[ref]
        step = "undo" if said == "dispense" and whole else "correct"
        listed = st.sampled_from(sorted(self.model.before.get(ref, NAMES)))
        names = data.draw(st.lists(listed, unique=True, max_size=2))
        items, every = self.named([] if whole else names, [])
        if not items and ref in self.model.before:
            every = list(self.model.before[ref])
        mending = self.act(by, step, parents=[ref], items=items)
        if mending and said != "pack":
            assert set(every) <= self.model.before[ref].keys()
            self.model.take_back(ref, every, mending)

    def box_at(self, by: Player, data: Any) -> str:
        """A box that somebody has; any box if there is none."""
        rows = Container.objects.order_by("epc")
        epcs = [row.epc for row in rows if place_of(row).holder == by.gln]
        return str(data.draw(st.sampled_from(epcs or BOXES)))

    @rule(data=st.data(), boxes=some_boxes)
    def pack(self, data: Any, boxes: list[str]) -> None:
        by, names = self.choose(data, "active")
        into = self.box_at(by, data)
        boxes = [epc for epc in self.boxes_of(by, data, boxes) if epc != into]
        items, every = self.named([] if boxes else names, boxes)
        if self.act(by, "pack", container=into, items=items):
            assert self.all_are(every, (by.gln, "active"))
            assert set(every) <= set(self.inside([into]))

    @rule(data=st.data(), boxes=some_boxes, whole=st.booleans())
    def unpack(self, data: Any, boxes: list[str], whole: bool) -> None:
        by, _names = self.choose(data, "active")
        out_of, boxes = self.box_at(by, data), [] if whole else boxes
        inside = self.inside([out_of])
        if self.act(by, "unpack", container=out_of, items=boxes):
            assert self.all_are(inside, (by.gln, "active"))

    @rule(data=st.data())
    def send_back(self, data: Any) -> None:
        by, (name, *_others) = self.choose(data, "active")
        if by == NOVAMED:  # it had them from nobody
            return
        ref = self.act(by, "return_ship", items=[pack(name)])
        if ref:
            assert self.all_are([name], (by.gln, "active"))
            seller = queries.find_despatch(ref=ref, gln=by.gln)
            assert seller is not None
            to = next(p for p in PLAYERS if p.gln == seller.addressee)
            self.model.move(ref, [name], (by.gln, "in_transit"))
            self.shipments[ref] = (by, to, "return_receive")

    @rule(data=st.data(), step=st.sampled_from(["hold", "release", "release"]))
    def hold(self, data: Any, step: str) -> None:
        by, names = self.choose(data, "active")
        if step == "release" or data.draw(seldom):
            self.act(by, step, items=self.named(names, [])[0])

    @rule(is_bad=seldom)
    def recall_or_close(self, is_bad: bool) -> None:
        if self.recall is None and is_bad:
            self.recall = open_recall(self.goods.stage)
        elif self.recall is not None:
            close(self.goods.stage, self.recall)
            self.recall = None

    @precondition(lambda self: "B2" not in self.lots)
    @rule()
    def commission(self) -> None:
        ref = self.goods.commission(lot="B2", names=LATER).statement_id
        self.model.move(ref, LATER, (NOVAMED.gln, "active"))
        self.lots["B2"] = LATER
        self.is_fresh = True


@pytest.mark.hypothesis  # `make properties` asks for many more
@pytest.mark.timeout(1200)
def test_random_trade_leaves_the_books_in_order(stage: Stage) -> None:
    bounded = settings(
        max_examples=settings.default.max_examples // 10,  # each of many statements
        stateful_step_count=50,
        deadline=None,
        phases=(Phase.generate,),  # shrinking would take minutes
        suppress_health_check=list(HealthCheck),
    )

    goods, start = begin(stage)
    run_state_machine_as_test(
        type("TradeOfGoods", (Trade,), {"goods": goods, "start": start}),
        settings=bounded,
    )

"""All tables held against the model after every event of a random trade."""

from copy import deepcopy

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition
from pyroaring import BitMap

from apps.custody import operations, queries
from apps.custody.formats import to_set
from apps.custody.models import Container, ContainerLine, Holding
from apps.custody.queries.containers import place_of
from apps.recalls.models import Recall
from pharmatrace.demo.cast import AMOXIL, Player
from tests.custody.goods import Goods
from tests.custody.model import NAMES, PLAYERS, Model, Place, names_of


class Books(RuleBasedStateMachine):
    goods: Goods
    start: Model

    def __init__(self) -> None:
        super().__init__()
        self._undo = transaction.atomic()
        # The door's transactions are durable, but for the ones of a test.
        self._undo._from_testcase = True
        self._undo.__enter__()
        self.model = deepcopy(self.start)
        self.shipments: dict[str, tuple[Player, Player, str]] = {}
        self.events: dict[str, tuple[Player, str]] = {}
        self.recall: Recall | None = None
        self.is_fresh = False
        self.lots = {"A1": NAMES}

    def teardown(self) -> None:
        found = list(operations.replay_check())
        transaction.set_rollback(True)
        self._undo.__exit__(None, None, None)
        assert found == []

    def inside(self, boxes: list[str]) -> list[str]:
        lines = ContainerLine.objects.filter(container__epc__in=boxes)
        return [name for line in lines for name in names_of(line)]

    @precondition(lambda self: self.is_fresh)
    @invariant()
    def the_books_agree(self) -> None:
        # One invariant: several run in the order of their names, and the first
        # to say that nothing is fresh any more would silence the others.
        self.every_pack_is_where_the_model_has_it()
        self.containers_stand_inside_each_other()
        self.is_fresh = False

    def every_pack_is_where_the_model_has_it(self) -> None:
        for lot, names in self.lots.items():
            batch_id = self.goods.batch(lot).pk
            held: dict[Place, int] = {}
            counts: dict[str, int] = {}
            for ordinal, name in enumerate(names):
                place = self.model.where[name]
                unit = queries.find_unit(gtin=AMOXIL.gtin, serial=name)
                assert unit is not None
                assert (unit.holder, unit.status) == place, name
                assert unit.is_recalled == (lot == "A1" and self.recall is not None)
                links = queries.history(batch_id=batch_id, ordinal=ordinal)
                path = [
                    (k.statement_id, (k.target_holder, k.target_status)) for k in links
                ]
                assert path == self.model.path[name], name
                held[place] = held.get(place, 0) + 1
                counts[place[1]] = counts.get(place[1], 0) + 1
            assert queries.count_by_status(batch_id=batch_id) == counts
            assert self.goods.where(lot) == held
            for player in PLAYERS:
                ever = queries.ever_held(batch_id=batch_id, gln=player.gln)
                assert {names[n] for n in ever} == self.model.ever_at(player.gln, names)
            sets = [to_set(row.units) for row in Holding.objects.filter(batch=batch_id)]
            assert sum(map(len, sets)) == len(BitMap.union(*sets)) == len(names)

    def containers_stand_inside_each_other(self) -> None:
        rows = list(Container.objects.select_related("parent"))
        assert all((row.holder == "") == (row.parent is not None) for row in rows)
        contents = {row.epc: set(self.inside([row.epc])) for row in rows}
        for row in rows:
            place = place_of(row)
            held = (place.holder, place.status)
            assert all(self.model.where[name] == held for name in contents[row.epc])
            if row.parent is not None:
                assert contents[row.epc] <= contents[row.parent.epc]
        for name in self.model.where:
            around = [row for row in rows if name in contents[row.epc]]
            outer = {row.parent.epc for row in around if row.parent}
            unit = queries.find_unit(gtin=AMOXIL.gtin, serial=name)
            assert unit is not None
            inner = {row.epc for row in around} - outer
            assert inner == ({unit.container} if unit.container else set())

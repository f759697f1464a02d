"""Random histories: what the law refuses is simply not said."""

import copy

from apps.core.epcis import build
from apps.core.epcis.parts import Units
from apps.core.errors import MalformedInput
from tests.core.bundle.acts_goods import GoodsActs
from tests.core.bundle.history import REFUSALS, History
from tests.core.bundle.saying import (
    GTIN,
    NOVAMED,
    OTHER_GTIN,
    REGULATOR,
    STELLA,
    TRANSPHARM,
)


class Acts(GoodsActs):
    """Draws an act, and says it if the law lets it."""

    def goods(self):
        """One act with goods, said by itself, perhaps under a lent voice."""
        name = self.rng.choice(_GOODS)
        try:
            event, by, parents = getattr(self, name)()
            self.history.do(event, by, parents, lent=self.rng.random() < 0.1)
        except (*REFUSALS, MalformedInput, IndexError):
            return  # the law refuses, or there is nothing to name
        self.done[name] = self.done.get(name, 0) + 1

    def file(self):
        """Some acts of one party in one file; what is refused leaves no trace."""
        kept = copy.deepcopy(
            (self.history.state, self.history.rules, self.history.held)
        )
        gln = self.rng.choice([NOVAMED, TRANSPHARM])
        made = None
        case, pallet = self.new_box(gln), self.new_box(gln)
        to = TRANSPHARM if gln == NOVAMED else STELLA
        steps = [
            lambda: (
                build.commission_container(self.occasion(gln), container=case),
                (),
            ),
            lambda: (
                build.pack(
                    self.occasion(gln),
                    container=case,
                    children=Units(self.loose(gln)),
                ),
                (),
            ),
            lambda: (
                build.commission_container(self.occasion(gln), container=pallet),
                (),
            ),
            lambda: (
                build.pack(
                    self.occasion(gln),
                    container=pallet,
                    children=Units(
                        [case, *self.free(gln)[:1]][: self.rng.randint(1, 2)]
                    ),
                ),
                (),
            ),
            lambda: (
                build.ship(
                    self.occasion(gln),
                    units=Units([pallet]),
                    handover=self.handover(gln, to),
                ),
                (),
            ),
        ]
        try:
            made = self.history.do_all(steps[: self.rng.randint(2, 5)], gln)
        except (*REFUSALS, MalformedInput, IndexError):
            self.history.state, self.history.rules, self.history.held = kept
        if made:
            self.done["file"] = self.done.get("file", 0) + 1

    def paper(self):
        """Something about keys, licences or recalls."""
        name = self.rng.choice(_PAPERS)
        try:
            getattr(self, name)()
        except (*REFUSALS, IndexError):
            return
        self.done[name] = self.done.get(name, 0) + 1

    def enrol(self):
        self.keys += 1
        self.history.enrol(self.holder(), f"clerk-{self.keys}")

    def revoke(self):
        gln = self.rng.choice(
            [g for g, name in self.history.signers.items() if name.startswith("clerk")]
        )
        self.history.revoke(gln, self.history.signers[gln])

    def renew(self):
        self.history.license(self.holder())

    def recall(self):
        lots = [
            batch.lot
            for batch in self.history.state.batches.values()
            if batch.gtin == GTIN
        ]
        lot = self.rng.choice(lots)
        scope = {"lots": [lot]}
        if self.rng.random() < 0.4:
            names = self.history.serials[self.history.tag(lot).hex()]
            scope["serials"] = sorted(self.rng.sample(names, min(3, len(names))))
        by = self.rng.choice([NOVAMED, NOVAMED, REGULATOR])
        if by == NOVAMED:
            self.history.recall(scope, by, return_to=self.rng.choice(["", NOVAMED]))

    def amend(self):
        ref = self.rng.choice(list(self.history.state.recalls))
        lots = sorted(
            {b.lot for b in self.history.state.batches.values() if b.gtin == GTIN}
        )
        self.history.amend(ref, {"lots": lots[: self.rng.randint(1, 2)]})

    def end_recall(self):
        self.history.end_recall(self.rng.choice(list(self.history.state.recalls)))

    def answer(self):
        ref = self.rng.choice(list(self.history.state.recalls))
        tags = list(self.history.state.recalls[ref].units)
        self.history.answer(ref, self.holder(), self.rng.choice(tags))

    def grow(self):
        lot, gtin = self.rng.choice(
            [("A1", GTIN), ("B2", GTIN), ("C3", OTHER_GTIN), ("D4", GTIN)]
        )
        self.history.commission(lot, self.rng.randint(2, 8), gtin)


_GOODS = (
    *("open_box", "open_box", "pack", "pack", "pack", "unpack", "ship", "ship", "ship"),
    *("receive", "receive", "receive", "receive", "void", "supply", "supply", "undo"),
    *("correct", "correct", "end", "hold", "release", "send_back", "take_back"),
    "send_recalled",
)
_PAPERS = (
    *("enrol", "enrol", "revoke", "renew", "recall", "recall", "amend", "end_recall"),
    *("answer", "answer", "grow"),
)


def random_history(seed, *, steps=60):
    """A history of two lots of one product and one of another, closed."""
    history = History(seed).begin()
    history.commission("A1", 12)
    history.commission("B2", 8)
    history.commission("C3", 6, OTHER_GTIN)
    acts = Acts(history)
    for _ in range(steps):
        draw = history.rng.random()
        if draw < 0.08:
            acts.file()
        elif draw < 0.2:
            acts.paper()
        else:
            acts.goods()
    history.close()
    history.done = acts.done
    return history

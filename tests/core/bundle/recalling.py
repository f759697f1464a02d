"""Recalls of a ledger in memory."""

from dataclasses import replace

from apps.core.bodies import (
    RecallAmend,
    RecallAnswer,
    RecallClose,
    RecallOpen,
)
from apps.core.custody import (
    OpenRecall,
)
from apps.core.leaf import (
    product_tag,
)
from apps.core.ordinals import Ordinals
from apps.core.recall import parse_scope
from apps.core.statement import Subject
from tests.core.bundle.saying import GTIN, NOVAMED, REGULATOR, TAG_KEY, Speaking, moved


class Recalling(Speaking):
    """Recalls, and what holders answer."""

    def recall(self, scope, by=NOVAMED, gtin=GTIN, return_to=""):
        body = RecallOpen(
            gtin, parse_scope(scope), scope, "II", "Wrong leaflet", "Quarantine", "retail",
            return_to,
        )  # fmt: skip
        keys = ("regulator",) if by == REGULATOR else ()
        subjects = self._recall_subjects(gtin, [parse_scope(scope)])
        ref = self.say("recall.open", by, body.to_json(), subjects, keys)
        self.scopes[ref] = (gtin, parse_scope(scope))
        self.state.recalls[ref] = OpenRecall(ref, by, return_to, {})
        self._cover()
        return ref

    def amend(self, ref, scope, by=NOVAMED):
        gtin, old = self.scopes[ref]
        new = parse_scope(scope)
        body = RecallAmend(ref, new, scope, "more is known").to_json()
        subjects = self._recall_subjects(gtin, [old, new])
        self.say("recall.amend", by, body, subjects, (), (ref,))
        self.scopes[ref] = (gtin, new)
        self._cover()

    def end_recall(self, ref, by=NOVAMED):
        gtin, scope = self.scopes.pop(ref)
        subjects = self._recall_subjects(gtin, [scope])
        self.say(
            "recall.close", by, RecallClose(ref, "done").to_json(), subjects, (), (ref,)
        )
        del self.state.recalls[ref]
        self._cover()

    def answer(self, ref, by, tag):
        covered = self.state.recalls[ref].units.get(tag, Ordinals())
        units = covered & self.held.get((by, tag), Ordinals())
        if not units:
            return None
        body = RecallAnswer(ref, {"quarantined": len(units)}).to_json()
        subject = Subject(bytes.fromhex(tag), moved=moved(units))
        return self.say("recall.answer", by, body, [subject], (), (ref,))

    def _covered(self, tag, scope):
        names = self.serials[tag]
        return Ordinals.of(
            n for n, name in enumerate(names) if scope.covers_serial(name)
        )

    def _lots_in(self, gtin, scope):
        return [
            batch.tag
            for batch in self.state.batches.values()
            if batch.gtin == gtin
            and scope.covers_batch(lot=batch.lot, expiry_date=batch.expiry_date)
            and self._covered(batch.tag, scope)
        ]

    def _recall_subjects(self, gtin, scopes):
        tags = {product_tag(TAG_KEY, gtin=gtin)}
        for scope in scopes:
            tags |= {bytes.fromhex(tag) for tag in self._lots_in(gtin, scope)}
        return [Subject(tag) for tag in tags]

    def _cover(self):
        for batch in self.state.batches.values():
            batch.recalled = Ordinals()
        for ref, (gtin, scope) in self.scopes.items():
            units = {
                tag: self._covered(tag, scope) for tag in self._lots_in(gtin, scope)
            }
            self.state.recalls[ref] = replace(self.state.recalls[ref], units=units)
            for tag, covered in units.items():
                self.state.batches[tag].recalled |= covered

"""How each anchoring service does: for rounds, for operators, for pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from apps.anchoring.clients.anchor_file import AnchorOptions, list_anchors
from apps.anchoring.clients.anchors import Facts
from apps.anchoring.models import AnchorPromise, AnchorState, AnchorToken
from apps.anchoring.queries.checkpoints import newest_checkpoint
from apps.edge.health import Line
from apps.ledger import queries as ledger
from apps.ledger.formats import as_ms


@dataclass(frozen=True, slots=True)
class AnchorStand:
    """How far a service has stamped this log.

    Args:
        tree_size: of the newest head that it stamped, 0 before the first.
        waiting_ms: when the first leaf of a statement was logged that is published and
            not stamped; None where there is none.
        state: what came of asking it; None before the first time.
        promise: the stamp that is on its way; None where none is.
        facts: of its newest stamp.
    """

    options: AnchorOptions
    tree_size: int
    waiting_ms: int | None
    state: AnchorState | None
    promise: AnchorPromise | None = None
    facts: Facts = field(default_factory=dict)

    def is_late(self, at: datetime) -> bool:
        """Whether something waits for its stamp for too long."""
        late = self.options.periods.late
        return self.waiting_ms is not None and self.waiting_ms < as_ms(at - late)

    @property
    def is_unchecked(self) -> bool:
        """Whether its newest stamp names a block that nobody here has looked up."""
        return "block_number" in self.facts and "block_hash" not in self.facts

    def _words_of_block(self) -> str:
        if self.is_unchecked:
            words = ", attested by block {block_number} of {chain}, header not checked"
            return words.format(**self.facts)
        is_in_block = "block_number" in self.facts
        words = " in block {block_number} of {chain}" if is_in_block else ""
        return words.format(**self.facts)

    def words(self, at: datetime) -> str:
        """One line for operators."""
        said = f"{self.options.name}: no stamp yet"
        if self.tree_size:
            said = f"{self.options.name}: size {self.tree_size}"
        if self.state is not None and self.state.stamped_at is not None:
            age = int((at - self.state.stamped_at).total_seconds())
            said += f" stamped {max(0, age)} s ago"
        said += self._words_of_block()
        if self.promise is not None:
            said += f", size {self.promise.tree_size} on its way: {self.promise.note}"
        if self.state is not None and self.state.fault:
            said += f", {self.state.fault}"
        return f"{said}, late" if self.is_late(at) else said


def list_anchor_stands() -> list[AnchorStand]:
    """How every service of the settings stands, in their order.

    Leaves of map roots and anchors do not wait: else each stamp would make the next.

    Raises:
        Unavailable: `anchors_unusable`.
        IntegrityBreach: `published_unreadable`.
    """
    services = list_anchors()
    if not services:
        return []
    published = newest_checkpoint()
    size = published.size if published else 0
    newest = _newest_stamps()
    states = {row.name: row for row in AnchorState.objects.all()}
    promises = {(row.name, row.kind): row for row in AnchorPromise.objects.all()}
    stands = []
    for options in services:
        stamped, facts = newest.get(options.name, (0, {}))
        stands.append(
            AnchorStand(
                options=options,
                tree_size=stamped,
                waiting_ms=_waiting_ms(stamped, size),
                state=states.get(options.name),
                promise=promises.get((options.name, options.kind)),
                facts=facts,
            )
        )
    return stands


def _newest_stamps() -> dict[str, tuple[int, Facts]]:
    """By service: the size of the newest head that it stamped, and what of it."""
    newest = AnchorToken.objects.values("name").annotate(size=Max("tree_size"))
    sizes = {row["name"]: row["size"] for row in newest}
    rows = AnchorToken.objects.filter(tree_size__in={*sizes.values()})
    return {
        name: (size, facts)
        for name, size, facts in rows.values_list("name", "tree_size", "facts")
        if sizes[name] == size
    }


def _waiting_ms(start: int, stop: int) -> int | None:
    first = ledger.find_first_said(start=start, stop=stop)
    return first.time_ms if first else None


def anchors_line(at: datetime) -> Line:
    """The line on /health: unwell where what was said waits for its stamp too long."""
    stands = list_anchor_stands()
    if not stands:
        return Line(is_well=True, detail="no time stamps")
    return Line(
        is_well=not any(stand.is_late(at) for stand in stands),
        detail="; ".join(stand.words(at) for stand in stands),
    )


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """A service for people.

    Args:
        stamped_at: its last success, by our clock; None before the first.
        state: `go`, or `think` where its stamp is late or it failed.
        sentence: what it did, in words.
    """

    name: str
    stamped_at: datetime | None
    state: str
    sentence: str


def list_anchor_rows(*, at: datetime) -> list[AnchorRow]:
    """How every service does at `at`, in words.

    Raises:
        Unavailable, IntegrityBreach: as `list_anchor_stands`.
    """
    return [_as_row(stand, at) for stand in list_anchor_stands()]


def _as_row(stand: AnchorStand, at: datetime) -> AnchorRow:
    fault = stand.state.fault if stand.state else ""
    is_well = not fault and not stand.is_late(at)
    return AnchorRow(
        name=stand.options.name,
        stamped_at=stand.state.stamped_at if stand.state else None,
        state="go" if is_well else "think",
        sentence=_sentence(stand, fault, at),
    )


def _sentence(stand: AnchorStand, fault: str, at: datetime) -> str:
    if stand.is_late(at):
        return _("its stamp is more than {hours} h late ({code})").format(
            hours=stand.options.periods.late // timedelta(hours=1),
            code=fault or "late",
        )
    if fault:
        return _("gave no stamp that counts ({code})").format(code=fault)
    said = _("has not stamped yet")
    if stand.tree_size:
        said = _("has stamped the checkpoint over {size} entries").format(
            size=stand.tree_size
        )
    if stand.is_unchecked:
        said += " · " + _(
            "attested by block {block_number} of {chain}, header not checked"
        ).format(**stand.facts)
    elif "block_number" in stand.facts:
        said += " · " + _("in block {block_number} of {chain}").format(**stand.facts)
    if stand.promise is not None:
        said += " · " + _(
            "its stamp of the checkpoint over {size} entries is on its way ({note})"
        ).format(size=stand.promise.tree_size, note=stand.promise.note)
    return said

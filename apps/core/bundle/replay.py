"""Everything that the bundle's statements say, judged again in the order of the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from ..bodies import Genesis, read_body
from ..custody import State, verify_law
from ..envelope import statement_id
from ..errors import MalformedInput, ProofError
from ..map import MAP_VERSION
from ..ordinals import Ordinals
from ..statement import GOODS_KINDS, PARTY_KINDS, RECALL_KINDS, Statement
from ..steps import at_step
from .calls import Calls
from .chains import Chains
from .goods import LAW_STEP, Goods
from .lines import Opened, ShownLine
from .manifest import WHOLE, Manifest
from .parties import Register
from .units import Units
from .voices import Voices, verify_sites

VOICES_STEP: Final = 9


class Following(Protocol):
    """The entries behind a statement that belong to it."""

    def serials(self) -> Iterator[str]:
        """The serials of a commissioning."""
        ...

    def lines(self) -> Iterator[ShownLine]:
        """The lines of a file that touch the lots."""
        ...


@dataclass(slots=True)
class Replay:
    """The state after the statements so far; steps 9 to 12."""

    manifest: Manifest
    voices: Voices
    register: Register
    calls: Calls
    goods: Goods
    accepted: dict[str, int] = field(default_factory=dict)  # by statement id
    unknown_parents: int = 0

    @classmethod
    def of(cls, manifest: Manifest, chains: Chains) -> Replay:
        """Before the first statement."""
        state: State[Ordinals] = State(watched=frozenset())
        is_whole = manifest.form == WHOLE
        voices = Voices(chains.names)
        register = Register(state, chains.names, voices.tied, is_whole)
        units = Units(manifest.lots, state)
        calls = Calls(chains.names, register, units, {})
        goods = Goods(units, calls, manifest.tags)
        return cls(manifest, voices, register, calls, goods)

    @property
    def is_whole(self) -> bool:
        """Whether events, serials and licences are shown."""
        return self.manifest.form == WHOLE

    def begin(self, statement: Statement) -> Genesis:
        """Take the genesis, whose id was compared already; its body.

        Raises:
            MalformedInput: `unknown_law`, or no genesis.
            UntrustedSignature: from `take`.
        """
        body = read_body(statement)
        if not isinstance(body, Genesis):
            raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
        verify_law(body.law_version)
        if body.map_version != MAP_VERSION:
            raise MalformedInput("unknown_version", field="map_version")
        self.voices.begin(body)
        self.register.begin(body)
        return body

    def take(self, opened: Opened, statement: Statement, following: Following) -> None:
        """Judge the next statement.

        Raises:
            ProofError: `step` names the failed one.
        """
        identity = statement_id(opened.envelope)
        with at_step(VOICES_STEP):
            self.voices.verify(opened.envelope, statement, opened.accepted_ms)
        with at_step(LAW_STEP):
            self._verify_parents(opened, statement)
            self.accepted[identity] = opened.accepted_ms
        kind = statement.kind
        if kind in PARTY_KINDS:
            with at_step(VOICES_STEP):
                self.voices.learn(statement, at_ms=opened.accepted_ms)
            with at_step(LAW_STEP):
                self.register.learn(statement, at_ms=opened.accepted_ms)
        elif kind in RECALL_KINDS:
            with at_step(LAW_STEP):
                self.calls.judge(statement, identity, is_whole=self.is_whole)
        elif kind in GOODS_KINDS:
            if self.is_whole:
                self._goods(opened, statement, identity, following)
        elif kind != "genesis":
            # An erased history has no entries to be judged; its closing snapshot would
            # take their place in the law's state here.
            raise ProofError(
                "history_erased",
                step=LAW_STEP,
                got=kind,
                wanted="a lot of which nothing was erased",
            )

    def _goods(
        self,
        opened: Opened,
        statement: Statement,
        identity: str,
        following: Following,
    ) -> None:
        if statement.kind == "events":
            sites = self.goods.file(opened, statement, identity, following.lines())
            with at_step(VOICES_STEP):
                verify_sites(opened.envelope, sites)
        elif any(subject.serials for subject in statement.subjects):
            self.goods.commission(opened, statement, identity, following.serials())
        else:
            self.goods.event(opened, statement, identity)

    def _verify_parents(self, opened: Opened, statement: Statement) -> None:
        """The law's clock is never behind that of what a statement builds on."""
        for parent in statement.parents:
            known = self.accepted.get(parent.statement_id)
            if known is None:
                self.unknown_parents += 1
            elif known > opened.accepted_ms:
                raise ProofError(
                    "accepted_before_parent",
                    field=parent.text,
                    got=opened.accepted_ms,
                    wanted=f"at least {known}",
                )

"""An anchor on its way into the chain: signed, handed in, counted, proven.

Nothing waits here. `begin` only signs; what was signed is stored by the caller, and
`go_on`, asked again and again, hands it in, looks where it is, and in the end brings the
proof. A block counts when every node names the same one there and enough stand on it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from web3 import Web3

from apps.anchoring.clients.anchors import Promise, Withdrawn
from apps.anchoring.clients.evm.contract import RUNTIME, call_data
from apps.anchoring.clients.evm.options import EvmOptions
from apps.anchoring.clients.evm.paying import Payer
from apps.anchoring.clients.evm.proving import prove
from apps.anchoring.clients.evm.rpc import Mined, Node
from apps.anchoring.clients.evm.state import MOST_SIGNED, Signed, State
from apps.anchoring.clients.evm.wallet import load_key
from apps.anchoring.clients.http import Budget
from apps.core.checkpoint import Checkpoint
from apps.core.errors import ProofError, TraceError, Unavailable
from apps.core.evm.token import EvmToken

logger = logging.getLogger(__name__)

# For all questions of one call.
_SECONDS: Final = 30.0
_SOON: Final = timedelta(seconds=15)
_LATER: Final = timedelta(minutes=10)
_BLOCK: Final = timedelta(seconds=12)
_MANY: Final = 100  # blocks: more make no longer pause
# After so long without a block the same is signed again, and pays more.
_STUCK: Final = timedelta(minutes=10)
# The newest block's time, against our clock.
_MAX_AHEAD_SECONDS: Final = 300
_MAX_BEHIND_SECONDS: Final = 3_600
# A node may be asked too early, or another one may answer, which knows less.
_MISSED: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sender:
    """One service, for one call of `begin` or `go_on`."""

    options: EvmOptions
    nodes: tuple[Node, ...]
    payer: Payer

    def begin(self, head: Checkpoint, *, at: datetime) -> Promise:
        """Sign the call that anchors `head`; nothing is sent.

        Raises:
            Unavailable, ProofError, MalformedInput: see `Payer.sign_first` and `Node`;
                `chain_differs`, `contract_differs`, `chain_time_off`.
        """
        self.verify_nodes(at=at)
        for node in self.nodes:
            if node.code(self._contract) != RUNTIME:
                raise ProofError(
                    "contract_differs",
                    field=node.name,
                    got=self._contract,
                    wanted="the contract of docs/formats.md",
                )
        state = self.payer.sign_first(self._call(head), at=at)
        return Promise(state.encode(), at, "signed")

    def verify_nodes(self, *, at: datetime) -> None:
        """Check, before money is spent, that the nodes are on the chain and awake.

        Raises:
            ProofError: `chain_differs`.
            Unavailable: `chain_time_off`: the time of a block would not be believed.
        """
        self._verify_chain()
        for node in self.nodes:
            seconds = node.time_seconds()
            behind = int(at.timestamp()) - seconds
            if not -_MAX_AHEAD_SECONDS <= behind <= _MAX_BEHIND_SECONDS:
                raise Unavailable(
                    "chain_time_off",
                    field=node.name,
                    got=f"a newest block at POSIX time {seconds}",
                    wanted="one of the last hour",
                )

    def go_on(
        self, state: State, head: Checkpoint, *, at: datetime
    ) -> EvmToken | Promise | Withdrawn:
        """Take the next step; the token once the call is in a block that counts.

        Raises:
            Unavailable, ProofError, MalformedInput: not known now.
        """
        self._verify_chain()
        found = self._find(state)
        if found is None:
            return self._go_on_outside(state, head, at)
        signed, mined = found
        if not mined.is_success:
            return _withdrawn("transaction_failed", signed, "a call that ends well")
        return self._go_on_inside(state, signed, mined, at)

    def _find(self, state: State) -> tuple[Signed, Mined] | None:
        for signed in reversed(state.signed):
            mined = self.nodes[0].find_mined(signed.hash)
            if mined is not None:
                return signed, mined
        return None

    def _go_on_outside(
        self, state: State, head: Checkpoint, at: datetime
    ) -> Promise | Withdrawn:
        """It is in no block: hand it in, pay more, or give it up."""
        node, newest = self.nodes[0], state.newest
        if state.seen_in is not None:
            gone = state.seen_in.hex()
            logger.warning("%s: block %s is gone", self.options.name, gone)
            return _promise(replace(state, seen_in=None), at, "its block is gone")
        if node.nonce(self.payer.account.address) > state.nonce:
            return self._go_on_missed(state, at)
        state = replace(state, missed_at_ms=None)
        if not node.knows(newest.hash):
            self.hand_in(newest)
            return _promise(state, at + _SOON, "handed in")
        if _ms(at) - newest.at_ms < _STUCK // timedelta(milliseconds=1):
            return _promise(state, at + _SOON, "waits for a block")
        if len(state.signed) == MOST_SIGNED:
            return _promise(state, at + _LATER, "waits for a block")
        again = self.payer.sign_again(state, self._call(head), at=at)
        return _promise(again, at, "signed again, for a higher fee")

    def _go_on_missed(self, state: State, at: datetime) -> Promise | Withdrawn:
        """The nonce is used up, by a call that is none of ours."""
        since = state.missed_at_ms
        if since is None:
            missed = replace(state, missed_at_ms=_ms(at))
            return _promise(missed, at + _SOON, "not found, looked for again")
        if _ms(at) - since < _MISSED // timedelta(milliseconds=1):
            return _promise(state, at + _SOON, "not found, looked for again")
        return _withdrawn("transaction_replaced", state.newest, "nobody else's")

    def hand_in(self, signed: Signed) -> None:
        """Send a signed transaction; once more does no harm.

        Raises:
            Unavailable: `node_declines`.
            ProofError: `transaction_differs`: the node names another one.
        """
        node = self.nodes[0]
        try:
            got = node.send(signed.raw)
        except Unavailable:
            # Some nodes decline what they have already.
            if not node.knows(signed.hash):
                raise
            return
        if got != signed.hash:
            raise ProofError(
                "transaction_differs",
                field=node.name,
                got=got.hex(),
                wanted=signed.hash.hex(),
            )

    def _go_on_inside(
        self, state: State, signed: Signed, mined: Mined, at: datetime
    ) -> EvmToken | Promise | Withdrawn:
        """It is in a block: count what stands on it, and prove it."""
        depth = min(node.head_number() for node in self.nodes) - mined.block_number + 1
        wanted = self.options.confirmations
        if state.seen_in not in {None, mined.block_hash}:
            logger.warning("%s: moved to another block", self.options.name)
        state = replace(state, seen_in=mined.block_hash, missed_at_ms=None)
        if depth < wanted:
            pause = min(max(_BLOCK * min(wanted - depth, _MANY), _SOON), _LATER)
            note = f"{max(depth, 0)} of {wanted} confirmations"
            return _promise(state, at + pause, note)
        for node in self.nodes:
            named = node.find_block_hash(mined.block_number)
            if named != mined.block_hash:
                raise ProofError(
                    "nodes_disagree",
                    field=f"{node.name}, block {mined.block_number}",
                    got=named.hex() if named else "none",
                    wanted=mined.block_hash.hex(),
                )
        return self._prove(signed, mined)

    def _prove(self, signed: Signed, mined: Mined) -> EvmToken | Withdrawn:
        try:
            return prove(
                self.nodes[0],
                mined,
                chain_id=self.options.chain_id,
                contract=self.options.contract,
                transaction=signed.hash,
            )
        except ProofError as error:
            if error.code != "event_differs":
                raise
            # It called another contract than the table names by now.
            return Withdrawn(error)

    def _verify_chain(self) -> None:
        for node in self.nodes:
            got = node.chain_id()
            if got != self.options.chain_id:
                raise ProofError(
                    "chain_differs",
                    field=node.name,
                    got=got,
                    wanted=str(self.options.chain_id),
                )

    @property
    def _contract(self) -> str:
        return str(Web3.to_checksum_address(self.options.contract))

    def _call(self, head: Checkpoint) -> Mapping[str, Any]:
        data = call_data(root_hash=head.root_hash, tree_size=head.tree_size)
        return {"to": self._contract, "data": "0x" + data.hex()}


def open_sender(options: EvmOptions) -> Sender:
    """The nodes of `options` and the account that pays, for one call.

    Raises:
        Unavailable: the key cannot be read; see `load_key`.
    """
    budget = Budget(_SECONDS)
    nodes = tuple(
        Node(url, f"node {number}", budget)
        for number, url in enumerate(options.rpc, start=1)
    )
    payer = Payer(nodes[0], load_key(options.key), options)
    return Sender(options, nodes, payer)


def _promise(state: State, look_at: datetime, note: str) -> Promise:
    return Promise(state.encode(), look_at, note)


def _withdrawn(code: str, signed: Signed, wanted: str) -> Withdrawn:
    fault: TraceError = ProofError(code, got=signed.hash.hex(), wanted=wanted)
    return Withdrawn(fault)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)

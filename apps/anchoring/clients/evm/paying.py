"""What a transaction may cost, and signing it: EIP-1559, never above the limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from apps.anchoring.clients.evm.options import EvmOptions
from apps.anchoring.clients.evm.rpc import Node
from apps.anchoring.clients.evm.state import Signed, State
from apps.anchoring.clients.evm.wallet import sign
from apps.core.errors import Unavailable

# Unused gas is not paid: room for what changes between the estimate and the block.
_ROOM: Final = (5, 4)
_MOST_GAS: Final = 1_000_000
# Nodes take a second transaction of a nonce only if it pays a tenth more.
_MORE: Final = (9, 8)


@dataclass(frozen=True, slots=True)
class Fee:
    """For a unit of gas, in wei: the most, and of it the most for who makes the block."""

    most: int
    tip: int


@dataclass(frozen=True, slots=True)
class Payer:
    """Who signs and pays: an account on a chain, through one node."""

    node: Node
    account: LocalAccount
    options: EvmOptions

    def sign_first(self, call: Mapping[str, Any], *, at: datetime) -> State:
        """A transaction with the next nonce of the account; nothing is sent.

        Raises:
            Unavailable: `fee_above_limit`; `funds_short`; `gas_above_limit`;
                `node_declines`: the call would fail.
        """
        node, address = self.node, self.account.address
        fee = self._fee()
        nonce = node.nonce(address)
        gas = node.estimate_gas({"from": address, **call}) * _ROOM[0] // _ROOM[1]
        if gas > _MOST_GAS:
            raise Unavailable("gas_above_limit", got=gas, wanted=str(_MOST_GAS))
        balance = node.balance(address)
        if balance < gas * fee.most:
            raise Unavailable(
                "funds_short",
                field=address,
                got=f"{balance} wei",
                wanted=f"{gas * fee.most} wei",
            )
        signed = self._sign(call, nonce=nonce, gas=gas, fee=fee, at=at)
        return State(nonce=nonce, gas=gas, signed=(signed,))

    def sign_again(
        self, state: State, call: Mapping[str, Any], *, at: datetime
    ) -> State:
        """The same with a higher fee, to take the place of the newest one.

        Raises:
            Unavailable: `fee_above_limit`.
        """
        now, old = self._fee(), state.newest
        fee = Fee(max(now.most, _more(old.max_fee)), max(now.tip, _more(old.tip)))
        if fee.most > self.options.max_fee:
            raise self._above_limit(fee.most)
        signed = self._sign(call, nonce=state.nonce, gas=state.gas, fee=fee, at=at)
        return replace(state, signed=(*state.signed, signed))

    def _fee(self) -> Fee:
        """Twice what the newest block costs, so that six full blocks may follow it."""
        base, tip, limit = self.node.base_fee(), self.node.tip(), self.options.max_fee
        if base + tip > limit:
            raise self._above_limit(base + tip)
        return Fee(min(2 * base + tip, limit), tip)

    def _sign(
        self,
        call: Mapping[str, Any],
        *,
        nonce: int,
        gas: int,
        fee: Fee,
        at: datetime,
    ) -> Signed:
        made = {
            **call,
            "type": 2,
            "chainId": self.options.chain_id,
            "nonce": nonce,
            "gas": gas,
            "value": 0,
            "maxFeePerGas": fee.most,
            "maxPriorityFeePerGas": fee.tip,
        }
        digest, raw = sign(self.account, made)
        at_ms = int(at.timestamp() * 1000)
        return Signed(digest, raw, fee.most, fee.tip, at_ms)

    def _above_limit(self, fee: int) -> Unavailable:
        return Unavailable(
            "fee_above_limit",
            field=self.options.name,
            got=f"{fee} wei",
            wanted=f"at most {self.options.max_fee} wei",
        )


def _more(fee: int) -> int:
    return -(-fee * _MORE[0] // _MORE[1])

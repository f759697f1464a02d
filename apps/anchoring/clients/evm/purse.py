"""What an operator does once for a chain: make a key, deploy the contract, look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import rlp
from web3 import Web3

from apps.anchoring.clients.evm.contract import DEPLOYMENT, RUNTIME
from apps.anchoring.clients.evm.options import EvmOptions
from apps.anchoring.clients.evm.sender import open_sender
from apps.anchoring.clients.evm.wallet import create_key
from apps.core.evm.token import ADDRESS_SIZE


@dataclass(frozen=True, slots=True)
class Deployed:
    """A contract on its way: where it will stand, and the transaction that makes it."""

    address: str
    transaction: str


def make_key(options: EvmOptions) -> str:
    """Make the key that the table names; the address that it pays from.

    Raises:
        FileExistsError: there is one: it may hold money.
    """
    return str(create_key(options.key).address)


def deploy(options: EvmOptions, *, at: datetime) -> Deployed:
    """Hand in the transaction that makes the contract; nobody waits for its block.

    Raises:
        Unavailable, ProofError, MalformedInput: it was not handed in; see `Sender`.
    """
    sender = open_sender(options)
    sender.verify_nodes(at=at)
    state = sender.payer.sign_first({"data": "0x" + DEPLOYMENT.hex()}, at=at)
    sender.hand_in(state.newest)
    account = bytes.fromhex(sender.payer.account.address.removeprefix("0x"))
    # Yellow Paper, section 7: the address follows from the maker and its nonce.
    made = Web3.keccak(rlp.encode([account, state.nonce]))
    return Deployed(
        address=str(Web3.to_checksum_address(bytes(made[-ADDRESS_SIZE:]))),
        transaction="0x" + state.newest.hash.hex(),
    )


def look(options: EvmOptions) -> Iterator[str]:
    """How the account, the nodes and the contract do, a line each.

    Raises:
        Unavailable, MalformedInput: a node or the key cannot be asked.
    """
    sender = open_sender(options)
    address = sender.payer.account.address
    first = sender.nodes[0]
    yield f"account {address}: {Web3.from_wei(first.balance(address), 'ether')} ether"
    yield f"gas: {first.base_fee()} wei, limit {options.max_fee} wei"
    for node in sender.nodes:
        chain = node.chain_id()
        is_ours = "as wanted" if chain == options.chain_id else "NOT as wanted"
        yield f"{node.name}: chain {chain} ({is_ours}), block {node.head_number()}"
        if options.contract:
            code = node.code(str(Web3.to_checksum_address(options.contract)))
            state = "is ours" if code == RUNTIME else "is NOT ours"
            yield f"{node.name}: the contract at 0x{options.contract.hex()} {state}"

"""The token of an anchor that is in a block: fetched from a node, built, and checked."""

from __future__ import annotations

from apps.anchoring.clients.evm.receipts import find_log, header_bytes, prove_receipt
from apps.anchoring.clients.evm.rpc import Mined, Node
from apps.core.evm.token import ADDRESS_SIZE, EVENT, EvmToken


def prove(
    node: Node, mined: Mined, *, chain_id: int, contract: bytes, transaction: bytes
) -> EvmToken:
    """The token of the call `transaction`; what it says of a head is not checked here.

    Raises:
        Unavailable: the node will not say.
        ProofError: `block_differs`, `receipts_differ`: what it says does not hash to
            the block; `event_differs`: it does, and there is no event of the contract.
        MalformedInput: `bad_answer`.
    """
    block = node.block(mined.block_hash)
    header = header_bytes(block, block_hash=mined.block_hash)
    receipts = node.receipts(mined.block_hash)
    proof = prove_receipt(
        receipts, index=mined.index, root=bytes(block["receiptsRoot"])
    )
    place, topics = find_log(receipts[mined.index], contract=contract, name=EVENT)
    return EvmToken(
        chain_id=chain_id,
        contract=contract,
        by=topics[1][-ADDRESS_SIZE:],
        transaction=transaction,
        block_hash=mined.block_hash,
        block_number=mined.block_number,
        header=header,
        index=mined.index,
        log_index=place,
        proof=proof,
    )

"""Nodes that speak of a chain: JSON-RPC over HTTP, whose answers may be lies."""

import json
import re
from collections.abc import Callable
from typing import Any, ClassVar

from eth.exceptions import TransactionNotFound
from hexbytes import HexBytes

from tests.anchoring.evm_chain import Chain, RpcError, hexed
from tests.anchoring.network import Serving, answering

_CAPITAL = re.compile("[A-Z]")


class Node:
    """A node's server. `lies` replaces answers, by the name of the method."""

    Refusal: ClassVar = RpcError

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.asked: list[str] = []
        self.lies: dict[str, Callable[..., Any]] = {}
        self.answer: Callable[[bytes], tuple[int, bytes]] = self.honest
        self.serving: Serving | None = answering(self._reply)
        self.url = self.serving.url

    def end(self) -> None:
        if self.serving is not None:
            self.serving.end()
        self.serving = None

    def _reply(self, body: bytes) -> tuple[int, bytes]:
        return self.answer(body)

    def honest(self, body: bytes) -> tuple[int, bytes]:
        asked = json.loads(body)
        method = asked["method"]
        self.asked.append(method)
        said: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
        try:
            truth = getattr(self, _CAPITAL.sub(lambda at: f"_{at[0].lower()}", method))
            lie = self.lies.get(method)
            said["result"] = (
                lie(truth, *asked["params"]) if lie else truth(*asked["params"])
            )
        except RpcError as error:
            said["error"] = {"code": -32000, "message": str(error)}
        except AttributeError:
            said["error"] = {"code": -32601, "message": f"no method {method}"}
        return 200, json.dumps(said).encode()

    def eth_chain_id(self):
        return hex(self.chain.id)

    def eth_block_number(self):
        return hex(self.chain.height)

    def eth_get_transaction_count(self, address, _block):
        return hex(self.chain.tester.get_nonce(address))

    def eth_get_balance(self, address, _block):
        return hex(self.chain.tester.get_balance(address))

    def eth_get_code(self, address, _block):
        return self.chain.tester.get_code(address)

    def eth_max_priority_fee_per_gas(self):
        return hex(self.chain.tip)

    def eth_estimate_gas(self, call, *_block):
        wanted = {"from": call["from"], "data": call["data"]}
        if "to" in call:
            wanted["to"] = call["to"]
        try:
            return hex(self.chain.tester.estimate_gas(wanted))
        except Exception as error:
            raise RpcError(f"execution reverted: {error}") from error

    def eth_send_raw_transaction(self, raw):
        return self.chain.add(raw)

    def eth_get_transaction_by_hash(self, digest):
        for _, made in self.chain.pool.values():
            if made["hash"] == HexBytes(digest):
                return {"hash": digest, "blockHash": None, "nonce": hex(made["nonce"])}
        found = self._find(digest)
        return found and {"hash": digest, "blockHash": found["blockHash"]}

    def eth_get_transaction_receipt(self, digest):
        return self._find(digest)

    def _find(self, digest):
        wanted, chain = bytes(HexBytes(digest)), self.chain
        try:
            number, at = chain.backend.chain.get_canonical_transaction_index(wanted)
        except TransactionNotFound:
            return None
        # What the index says may be of a block that is forgotten.
        block = chain.block(number) if number <= chain.height else None
        made = block.transactions[at : at + 1] if block else ()
        return self._receipt(number, at) if [t.hash for t in made] == [wanted] else None

    def eth_get_block_receipts(self, which):
        number = self._number(which)
        if number is None:
            return None
        count = len(self.chain.block(number).transactions)
        return [self._receipt(number, at) for at in range(count)]

    def _receipt(self, number, at):
        block, receipt = self.chain.block(number), self.chain.receipts(number)[at]
        transaction = block.transactions[at]
        place = {"blockHash": hexed(block.hash), "blockNumber": hex(number)}
        return {
            **place,
            "transactionHash": hexed(transaction.hash),
            "transactionIndex": hex(at),
            "type": hex(getattr(transaction, "type_id", None) or 0),
            "status": hex(int.from_bytes(receipt.state_root, "big")),
            "cumulativeGasUsed": hex(receipt.gas_used),
            "logsBloom": hexed(receipt.bloom.to_bytes(256, "big")),
            "from": hexed(transaction.sender),
            "to": hexed(transaction.to),
            "logs": [
                {
                    **place,
                    "address": hexed(log.address),
                    "topics": [hexed(each.to_bytes(32, "big")) for each in log.topics],
                    "data": hexed(log.data),
                    "logIndex": hex(place_of),
                }
                for place_of, log in enumerate(receipt.logs)
            ],
        }

    def eth_get_block_by_number(self, which, _full):
        number = self._number(which)
        return None if number is None else self._block(number)

    def eth_get_block_by_hash(self, which, _full):
        return self.eth_get_block_by_number(which, _full)

    def _number(self, which):
        """A number, a word or a hash, as the number of a block that is there."""
        if which == "latest":
            return self.chain.height
        if len(which) == 66:
            numbers = range(self.chain.height, -1, -1)
            return next((n for n in numbers if self.chain.hash(n) == which), None)
        number = int(which, 16)
        return number if number <= self.chain.height else None

    def _block(self, number):
        block = self.chain.block(number)
        header = block.header
        return {
            "hash": hexed(header.hash),
            "parentHash": hexed(header.parent_hash),
            "sha3Uncles": hexed(header.uncles_hash),
            "miner": hexed(header.coinbase),
            "stateRoot": hexed(header.state_root),
            "transactionsRoot": hexed(header.transaction_root),
            "receiptsRoot": hexed(header.receipt_root),
            "logsBloom": hexed(header.bloom.to_bytes(256, "big")),
            "difficulty": hex(header.difficulty),
            "number": hex(header.block_number),
            "gasLimit": hex(header.gas_limit),
            "gasUsed": hex(header.gas_used),
            "timestamp": hex(header.timestamp),
            "extraData": hexed(header.extra_data),
            "mixHash": hexed(header.mix_hash),
            "nonce": hexed(header.nonce),
            "baseFeePerGas": hex(header.base_fee_per_gas),
            "withdrawalsRoot": hexed(header.withdrawals_root),
            "blobGasUsed": hex(header.blob_gas_used),
            "excessBlobGas": hex(header.excess_blob_gas),
            "parentBeaconBlockRoot": hexed(header.parent_beacon_block_root),
            "requestsHash": hexed(header.requests_hash),
            "transactions": [hexed(each.hash) for each in block.transactions],
            "uncles": [],
            "size": "0x0",
        }

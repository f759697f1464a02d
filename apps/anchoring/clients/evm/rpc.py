"""One node of the chain, asked by web3 over our own bounded HTTP, and not believed.

Whatever a node answers is taken apart here: what is not of the form that it must have
is a `MalformedInput`, what it will not say `Unavailable`. Whether it is true is judged
by `sender`, by other nodes and by the proof. Addresses of nodes may hold a secret, so
errors name them by number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, cast

from eth_typing import ChecksumAddress, HexStr
from typing_extensions import override
from web3 import Web3
from web3.exceptions import (
    BlockNotFound,
    ContractLogicError,
    TransactionNotFound,
    Web3Exception,
    Web3RPCError,
)
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse, TxParams

from apps.anchoring.clients.http import Budget, Question, ask
from apps.core.canonical import MAX_SAFE_INTEGER, parse_json
from apps.core.errors import MalformedInput, Unavailable
from apps.core.members import json_type
from apps.core.merkle import HASH_SIZE

T = TypeVar("T")

_ANSWER_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 3.0
# All receipts of a full block are some megabytes.
_MAX_ANSWER_BYTES: Final = 32_000_000
_JSON: Final = {"Content-Type": "application/json"}
_HTTP_OK: Final = 200
# Of money; every other number is far below what JSON can hold.
_MOST_WEI: Final = 2**256 - 1

# What web3 trips over where an answer has not the form that it expects.
_TRIPS: Final = (
    Web3Exception,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class _Provider(JSONBaseProvider):
    """JSON-RPC over HTTP with a limit of time and size for each answer and for all."""

    def __init__(self, url: str, name: str, budget: Budget) -> None:
        super().__init__()
        self._url, self._name, self._budget = url, name, budget

    @override
    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        question = Question(
            method="POST",
            url=self._url,
            seconds=self._budget.take(most=_ANSWER_SECONDS, code="node_silent"),
            connect_seconds=_CONNECT_SECONDS,
            limit_bytes=_MAX_ANSWER_BYTES,
            body=self.encode_rpc_request(method, params),
            headers=_JSON,
        )
        status, answer = ask(question, code="node_silent")
        if status != _HTTP_OK:
            raise Unavailable("node_declines", field=self._name, got=status)
        # Ours, not web3's: it ends where an answer has no end.
        said = parse_json(answer, max_bytes=_MAX_ANSWER_BYTES, field=self._name)
        if not isinstance(said, dict):
            raise MalformedInput("bad_answer", field=self._name, got=json_type(said))
        return cast("RPCResponse", said)


@dataclass(frozen=True, slots=True)
class Mined:
    """Where a transaction is, by one node's word.

    Args:
        index: of the transaction, and so of its receipt, in the block.
        is_success: whether its call ended well.
    """

    block_hash: bytes
    block_number: int
    index: int
    is_success: bool


class Node:
    """One node, for one round."""

    def __init__(self, url: str, name: str, budget: Budget) -> None:
        self.name = name
        self._eth = Web3(_Provider(url, name, budget), middleware=[]).eth
        self._request = self._eth.w3.manager.request_blocking

    def chain_id(self) -> int:
        """Of the chain that the node follows."""
        return self._ask("chain id", lambda: _number(self._eth.chain_id))

    def head_number(self) -> int:
        """Of the newest block that it knows."""
        return self._ask("block number", lambda: _number(self._eth.block_number))

    def nonce(self, address: str) -> int:
        """How many transactions of `address` are in blocks."""
        to = _address(address)
        return self._ask(
            "nonce", lambda: _number(self._eth.get_transaction_count(to, "latest"))
        )

    def balance(self, address: str) -> int:
        """What `address` has, in wei."""
        to = _address(address)
        return self._ask(
            "balance", lambda: _number(self._eth.get_balance(to), most=_MOST_WEI)
        )

    def code(self, address: str) -> bytes:
        """What stands under `address`; b"" where no contract does."""
        to = _address(address)
        return self._ask("code", lambda: _data(self._eth.get_code(to)))

    def base_fee(self) -> int:
        """What a unit of gas costs at least in the newest block, in wei."""
        newest = self.block("latest")
        return self._ask("base fee", lambda: _number(newest["baseFeePerGas"]))

    def time_seconds(self) -> int:
        """POSIX time of the newest block."""
        newest = self.block("latest")
        return self._ask("block time", lambda: _number(newest["timestamp"]))

    def tip(self) -> int:
        """What those who make blocks want on top, in wei."""
        method = RPCEndpoint("eth_maxPriorityFeePerGas")
        return self._ask("tip", lambda: _quantity(self._request(method, [])))

    def estimate_gas(self, call: Mapping[str, Any]) -> int:
        """What `call` would use; a call that would fail is declined."""
        wanted = cast("TxParams", dict(call))
        return self._ask("gas", lambda: _number(self._eth.estimate_gas(wanted)))

    def send(self, raw: bytes) -> bytes:
        """Hand in a signed transaction; its hash, as the node says."""
        return self._ask(
            "transaction", lambda: _hash(self._eth.send_raw_transaction(raw))
        )

    def knows(self, transaction: bytes) -> bool:
        """Whether it is in a block or waits for one."""
        wanted = _hexed(transaction)
        found = self._find(
            "transaction", lambda: _hash(self._eth.get_transaction(wanted)["hash"])
        )
        return found == transaction

    def find_mined(self, transaction: bytes) -> Mined | None:
        """The block that holds it; None where none does."""
        wanted = _hexed(transaction)
        return self._find(
            "receipt", lambda: _mined(self._eth.get_transaction_receipt(wanted))
        )

    def find_block_hash(self, number: int) -> bytes | None:
        """The hash of the block of this number; None where it knows none."""
        return self._find("block", lambda: _hash(self._eth.get_block(number)["hash"]))

    def block(self, wanted: bytes | Literal["latest"]) -> Mapping[str, Any]:
        """A block's header, and the hashes of its transactions, as web3 reads them."""
        which = wanted if isinstance(wanted, str) else _hexed(wanted)
        return self._ask("block", lambda: _object(self._eth.get_block(which)))

    def receipts(self, block_hash: bytes) -> list[Mapping[str, Any]]:
        """All receipts of a block in their order, as web3 reads them."""
        which = _hexed(block_hash)
        return self._ask(
            "receipts", lambda: _objects(self._eth.get_block_receipts(which))
        )

    def _ask(self, what: str, read: Callable[[], T]) -> T:
        found = self._find(what, read)
        if found is None:
            where = f"{self.name}, {what}"
            raise Unavailable("node_declines", field=where, got="not known there")
        return found

    def _find(self, what: str, read: Callable[[], T]) -> T | None:
        where = f"{self.name}, {what}"
        try:
            return read()
        except (TransactionNotFound, BlockNotFound):
            return None
        except (Web3RPCError, ContractLogicError) as error:
            raise Unavailable(
                "node_declines", field=where, got=error.message or str(error)
            ) from error
        except _TRIPS as error:
            raise MalformedInput(
                "bad_answer",
                field=where,
                got=str(error),
                wanted="an answer of its form",
            ) from error


def _mined(receipt: Any) -> Mined:
    return Mined(
        block_hash=_hash(receipt["blockHash"]),
        block_number=_number(receipt["blockNumber"]),
        index=_number(receipt["transactionIndex"]),
        is_success=_number(receipt["status"]) == 1,
    )


def _address(address: str) -> ChecksumAddress:
    return Web3.to_checksum_address(address)


def _hexed(data: bytes) -> HexStr:
    return HexStr("0x" + data.hex())


def _number(value: object, *, most: int = MAX_SAFE_INTEGER) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise TypeError(f"{value!r} is no number of that kind")
    return value


def _quantity(value: object) -> int:
    """A number that web3 has not read."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no quantity")
    return _number(int(value, 16))


def _data(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"{value!r} is no data")
    return bytes(value)


def _hash(value: object) -> bytes:
    data = _data(value)
    if len(data) != HASH_SIZE:
        raise ValueError(f"{data.hex()} is no hash")
    return data


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is no object")
    return value


def _objects(values: object) -> list[Mapping[str, Any]]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is no list")
    return [_object(value) for value in values]

"""From what a node says of a block to the proof that a receipt is in it.

Header and receipts are written as the chain hashes them, and what does not hash to what
the node said is refused: then the node lies, or the chain writes its blocks otherwise
than Ethereum does.

Source: Yellow Paper, section 4.3; EIP-2718 for types of receipts; EIP-1559, 4895, 4844,
4788 and 7685 for the later fields of a header, in this order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import rlp
from trie.hexary import HexaryTrie

from apps.core.errors import MalformedInput, ProofError
from apps.core.evm.keccak import keccak256
from apps.core.evm.rlp import Item

_HASH_BYTES: Final = 32
_NUMBERS: Final = frozenset(
    {
        *("difficulty", "number", "gasLimit", "gasUsed", "timestamp"),
        *("baseFeePerGas", "blobGasUsed", "excessBlobGas"),
    }
)
_HEADER: Final = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot"),
    *("receiptsRoot", "logsBloom", "difficulty", "number", "gasLimit", "gasUsed"),
    *("timestamp", "extraData", "mixHash", "nonce"),
)
_LATER: Final = (
    *("baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas"),
    *("parentBeaconBlockRoot", "requestsHash"),
)


def header_bytes(block: Mapping[str, Any], *, block_hash: bytes) -> bytes:
    """The RLP of a block's header.

    Raises:
        ProofError: `block_differs`: it has another hash.
        MalformedInput: `bad_answer`: a field is missing or of another form.
    """
    names = [*_HEADER, *(name for name in _LATER if name in block)]
    data = _encode([_read(block, name) for name in names])
    if keccak256(data) != block_hash:
        raise ProofError(
            "block_differs",
            field="header",
            got=keccak256(data).hex(),
            wanted=f"{block_hash.hex()}, as a node says",
        )
    return data


def prove_receipt(
    receipts: Sequence[Mapping[str, Any]], *, index: int, root: bytes
) -> tuple[bytes, ...]:
    """The nodes that lead from `root` to the receipt at `index`.

    Args:
        receipts: all of the block, in their order.

    Raises:
        ProofError: `receipts_differ`: they have another root, or are too few.
        MalformedInput: `bad_answer`: one of them is of another form.
    """
    trie: Any = HexaryTrie({})  # its types leave half of it out
    for number, receipt in enumerate(receipts):
        trie[_encode(number)] = receipt_bytes(receipt)
    if trie.root_hash != root or not index < len(receipts):
        raise ProofError(
            "receipts_differ",
            got=f"{len(receipts)} with root {trie.root_hash.hex()}",
            wanted=f"all of the block, with root {root.hex()}",
        )
    nodes = [_encode(node) for node in trie.get_proof(_encode(index))]
    # What is shorter than its hash stands inside the node before it.
    return tuple(
        node for at, node in enumerate(nodes) if not at or len(node) >= _HASH_BYTES
    )


def receipt_bytes(receipt: Mapping[str, Any]) -> bytes:
    """A receipt as its block's trie holds it: with its type in front, if it has one."""
    kind = _number(receipt, "type")
    logs: list[Item] = []
    for log in _list(receipt, "logs"):
        topics: list[Item] = [_as_bytes("topic", each) for each in _list(log, "topics")]
        logs.append([_bytes(log, "address"), topics, _bytes(log, "data")])
    data = _encode(
        [
            _minimal(_number(receipt, "status")),
            _minimal(_number(receipt, "cumulativeGasUsed")),
            _bytes(receipt, "logsBloom"),
            logs,
        ]
    )
    return (bytes([kind & 0xFF]) if kind else b"") + data


def find_log(
    receipt: Mapping[str, Any], *, contract: bytes, name: bytes
) -> tuple[int, list[bytes]]:
    """The place in a receipt of the first event of `contract` of this name; its topics.

    Raises:
        ProofError: `event_differs`: there is none.
    """
    for place, log in enumerate(_list(receipt, "logs")):
        topics = [_as_bytes("topic", each) for each in _list(log, "topics")]
        if _bytes(log, "address") == contract and [name] == topics[:1] != topics:
            return place, topics
    raise ProofError("event_differs", field="logs", got="no event of the contract")


def _read(block: Mapping[str, Any], name: str) -> bytes:
    if name in _NUMBERS:
        return _minimal(_number(block, name))
    return _bytes(block, name)


def _minimal(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _number(values: Mapping[str, Any], name: str) -> int:
    value = values.get(name)
    try:
        number = int(value, 16) if isinstance(value, str) else value
    except ValueError:
        number = None
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise _wrong(name, value)
    return number


def _bytes(values: Mapping[str, Any], name: str) -> bytes:
    return _as_bytes(name, values.get(name))


def _as_bytes(name: str, value: object) -> bytes:
    if isinstance(value, bytes):
        return bytes(value)
    try:
        if isinstance(value, str) and value[:2] == "0x":
            return bytes.fromhex(value[2:])
    except ValueError:
        pass
    raise _wrong(name, value)


def _list(values: object, name: str) -> list[Any]:
    value = values.get(name) if isinstance(values, Mapping) else values
    if not isinstance(value, list | tuple):
        raise _wrong(name, value)
    return list(value)


def _wrong(name: str, got: object) -> MalformedInput:
    return MalformedInput(
        "bad_answer", field=name, got=got, wanted="a field of its form"
    )


def _encode(item: Any) -> bytes:
    return bytes(rlp.encode(item))

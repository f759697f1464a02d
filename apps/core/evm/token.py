"""The token of an anchor on a chain of Ethereum's kind, and what it shows.

JSON: `{"format": "pharmatrace-evm/v1", "chain_id", "contract", "by", "transaction",
"block_hash", "block_number", "header", "index", "log_index", "proof": [node]}`, bytes in
lower-case hex, RFC 8785. Whoever trusts the block's hash needs nothing else:

    1. the header hashes to the block's hash, and is of that number
    2. the nodes lead from the header's root of receipts to one receipt
    3. its transaction succeeded, and its log at `log_index` is the event of our
       contract over this root and size

That the block is one of the chain, and which chain, is for a node that the reader
trusts. `transaction` is told, not shown: receipts do not hold it.

Source: Yellow Paper, section 4.3 and appendix D; EIP-2718 for receipts with a type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..canonical import JsonValue, canonical_bytes, parse_canonical
from ..encoding import decode_hex
from ..errors import MalformedInput, ProofError
from ..fields import Fields
from ..merkle import HASH_SIZE
from .keccak import keccak256
from .rlp import Item, decode_rlp, decode_uint, encode_uint
from .trie import read_trie

EVM_FORMAT: Final = "pharmatrace-evm/v1"
MAX_TOKEN_BYTES: Final = 256_000
ADDRESS_SIZE: Final = 20

CALL: Final = keccak256(b"anchor(bytes32,uint256)")[:4]
"""The selector of the contract's one function: root, size."""
EVENT: Final = keccak256(b"Anchored(address,bytes32,uint256)")
"""Topic 0 of its event: caller and root are topics 1 and 2, the size is the data."""

# Of a header, by their places since the first block of Ethereum.
_RECEIPTS_ROOT: Final = 5
_NUMBER: Final = 8
_TIME: Final = 11
_MOST_NODES: Final = 16
_MOST_NODE_BYTES: Final = 64_000


@dataclass(frozen=True, slots=True)
class EvmToken:
    """Where the event stands, and the nodes that show it.

    Args:
        contract: address of the contract, 20 bytes.
        by: who called it, 20 bytes.
        transaction: hash of the call; told, not shown.
        header: of the block, in RLP.
        index: of the receipt in its block.
        log_index: of the event in its receipt.
        proof: nodes of the block's trie of receipts, from its root on.
    """

    chain_id: int
    contract: bytes
    by: bytes
    transaction: bytes
    block_hash: bytes
    block_number: int
    header: bytes
    index: int
    log_index: int
    proof: tuple[bytes, ...]

    def encode(self) -> bytes:
        """The bytes that are published."""
        proof: list[JsonValue] = [node.hex() for node in self.proof]
        return canonical_bytes(
            {
                "format": EVM_FORMAT,
                "chain_id": self.chain_id,
                "contract": self.contract.hex(),
                "by": self.by.hex(),
                "transaction": self.transaction.hex(),
                "block_hash": self.block_hash.hex(),
                "block_number": self.block_number,
                "header": self.header.hex(),
                "index": self.index,
                "log_index": self.log_index,
                "proof": proof,
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> EvmToken:
        """A token that was published; nothing is verified here.

        Raises:
            MalformedInput: another format or spelling, an unknown field.
        """
        value = parse_canonical(data, max_bytes=MAX_TOKEN_BYTES, field="token")
        fields = Fields(value, where="token")
        fields.word("format", frozenset({EVM_FORMAT}))
        token = cls(
            chain_id=fields.integer("chain_id", least=1),
            contract=fields.hexed("contract", size_bytes=ADDRESS_SIZE),
            by=fields.hexed("by", size_bytes=ADDRESS_SIZE),
            transaction=fields.hexed("transaction"),
            block_hash=fields.hexed("block_hash"),
            block_number=fields.integer("block_number"),
            header=_hexed(fields, "header"),
            index=fields.integer("index"),
            log_index=fields.integer("log_index"),
            proof=fields.each("proof", _hexed, least=1, most=_MOST_NODES),
        )
        fields.close()
        return token


def _hexed(fields: Fields, name: str) -> bytes:
    """Bytes of any length in lower-case hex."""
    text = fields.string(name)
    if not 2 <= len(text) <= 2 * _MOST_NODE_BYTES:
        raise MalformedInput(
            "bad_length",
            field=fields.path(name),
            got=len(text),
            wanted=f"2 to {2 * _MOST_NODE_BYTES} hex digits",
        )
    return decode_hex(text, size_bytes=len(text) // 2, field=fields.path(name))


def verify_token(token: EvmToken, *, tree_size: int, root_hash: bytes) -> int:
    """Check that the event over this head is in the block; the block's POSIX time.

    Raises:
        ProofError: `block_differs`; `bad_trie_proof`; `event_differs`: another
            contract, caller, root or size, or a call that failed.
        MalformedInput: `bad_rlp`.
    """
    # 1
    header = _verify_header(token)
    # 2
    receipt = read_trie(
        root=_bytes(header, _RECEIPTS_ROOT),
        key=encode_uint(token.index),
        nodes=token.proof,
    )
    # 3
    _verify_event(token, receipt, tree_size=tree_size, root_hash=root_hash)
    return decode_uint(header[_TIME], field="header.timestamp")


def _verify_header(token: EvmToken) -> list[Item]:
    made = keccak256(token.header)
    if made != token.block_hash:
        raise ProofError(
            "block_differs",
            field="block_hash",
            got=token.block_hash.hex(),
            wanted=f"{made.hex()}, the hash of the header",
        )
    header = decode_rlp(token.header)
    if not isinstance(header, list) or len(header) <= _TIME:
        raise ProofError("block_differs", field="header", wanted="a block's header")
    number = decode_uint(header[_NUMBER], field="header.number")
    if number != token.block_number:
        raise ProofError(
            "block_differs",
            field="block_number",
            got=token.block_number,
            wanted=f"{number}, as the header says",
        )
    return header


def _verify_event(
    token: EvmToken, receipt: bytes, *, tree_size: int, root_hash: bytes
) -> None:
    status, logs = _read_receipt(receipt)
    if status != b"\x01":
        raise ProofError("event_differs", field="status", got="a call that failed")
    if not token.log_index < len(logs):
        raise ProofError("event_differs", field="log_index", got=token.log_index)
    event = logs[token.log_index]
    wanted: list[Item] = [
        token.contract,
        [EVENT, bytes(12) + token.by, root_hash],
        tree_size.to_bytes(HASH_SIZE, "big"),
    ]
    if event != wanted:
        raise ProofError(
            "event_differs",
            field="event",
            got=event,
            wanted=f"root {root_hash.hex()} and size {tree_size}",
        )


def _read_receipt(data: bytes) -> tuple[Item, list[Item]]:
    """Status and logs. A receipt with a type has it in front (EIP-2718)."""
    receipt = decode_rlp(data[1:] if data[0] < 0x80 else data)
    # Status, gas used so far, bloom, logs; some chains add more behind them.
    if not isinstance(receipt, list) or len(receipt) < 4:
        raise ProofError("event_differs", field="receipt", wanted="four fields")
    logs = receipt[3]
    if not isinstance(logs, list):
        raise ProofError("event_differs", field="receipt.logs", wanted="a list")
    return receipt[0], logs


def _bytes(header: list[Item], place: int) -> bytes:
    item = header[place]
    if isinstance(item, list):
        raise ProofError("block_differs", field=f"header[{place}]", got="a list")
    return item

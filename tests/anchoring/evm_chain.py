"""A chain in this process, by eth-tester and py-evm.

It mines when it is told, forgets blocks when it is told, and orders its pool as the
clients of the chain do.
"""

from datetime import datetime
from typing import Any

from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_hash.auto import keccak
from eth_tester import EthereumTester, PyEVMBackend
from hexbytes import HexBytes

GWEI = 10**9
ETHER = 10**18


class RpcError(Exception):
    """An answer with `error` instead of `result`."""


class Chain:
    """One chain, its pool, and who has what on it."""

    def __init__(self) -> None:
        self.backend = PyEVMBackend()
        self.tester = EthereumTester(self.backend, auto_mine_transactions=False)
        self.pool: dict[tuple[str, int], tuple[HexBytes, dict[str, Any]]] = {}
        self.tip = GWEI
        self.at: datetime | None = None  # what the next block's clock shows at least

    @property
    def id(self) -> int:
        return self.backend.chain.chain_id

    @property
    def rich(self) -> str:
        return self.tester.get_accounts()[0]

    def fund(self, address: str, wei: int = ETHER) -> None:
        self.tester.send_transaction(
            {
                "from": self.rich,
                "to": address,
                "value": wei,
                "gas": 21_000,
                "max_fee_per_gas": 100 * GWEI,
                "max_priority_fee_per_gas": GWEI,
            }
        )
        self.mine()

    def noise(self, count: int) -> None:
        """Other people's transactions for the next block."""
        for number in range(count):
            self.tester.send_transaction(
                {
                    "from": self.rich,
                    "to": self.tester.get_accounts()[1 + number % 5],
                    "value": 1 + number,
                    "gas": 21_000,
                    "gas_price": 100 * GWEI,
                }
            )

    def add(self, raw: str) -> str:
        """Take a signed transaction into the pool, as a client does."""
        made = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        sender = Account.recover_transaction(raw)
        digest = keccak(HexBytes(raw))
        if made["chainId"] != self.id:
            raise RpcError("invalid chain id")
        if made["nonce"] < self.tester.get_nonce(sender):
            raise RpcError("nonce too low")
        if self.tester.get_balance(sender) < made["gas"] * made["maxFeePerGas"]:
            raise RpcError("insufficient funds for gas * price + value")
        old = self.pool.get((sender, made["nonce"]))
        if old is not None and old[0] == HexBytes(raw):
            raise RpcError("already known")
        if old is not None and made["maxFeePerGas"] < old[1]["maxFeePerGas"] * 1.1:
            raise RpcError("replacement transaction underpriced")
        self.pool[sender, made["nonce"]] = (HexBytes(raw), made | {"hash": digest})
        return "0x" + digest.hex()

    def sign(self, key: str, **wanted: Any) -> str:
        """A transaction of whoever has `key`, in nobody's pool."""
        account = Account.from_key(key)
        usual = {
            "type": 2,
            "chainId": self.id,
            "nonce": self.tester.get_nonce(account.address),
            "gas": 100_000,
            "value": 0,
            "maxFeePerGas": 100 * GWEI,
            "maxPriorityFeePerGas": 2 * GWEI,
        }
        return "0x" + account.sign_transaction(usual | wanted).raw_transaction.hex()

    def mine(self, count: int = 1, *, empty: bool = False, coinbase: int = 0) -> None:
        """Blocks; the first holds what the pool holds, unless it is to be empty."""
        pending = self.backend.chain.header
        if self.at and pending.timestamp < int(self.at.timestamp()):
            made = pending.copy(timestamp=int(self.at.timestamp()))
            self.backend.chain.header = made
        waiting = {} if empty else self.pool
        for (sender, nonce), (raw, _) in sorted(waiting.items()):
            if nonce == self.tester.get_nonce(sender):
                self.tester.send_raw_transaction("0x" + raw.hex())
        if not empty:
            self.pool = {}
        self.tester.mine_blocks(count, coinbase="0x" + f"{coinbase:040x}")

    def reorganise(self, to: int, *, blocks: int, keep: bool) -> None:
        """Forget all above block `to` and mine others; `keep` what was in them."""
        gone = [
            transaction
            for number in range(to + 1, self.height + 1)
            for transaction in self.block(number).transactions
        ]
        self.tester.revert_to_snapshot(self._snapshots[to])
        self.pool = {}
        if keep:
            for transaction in gone:
                self.add("0x" + transaction.encode().hex())
        self.mine(blocks, coinbase=0xB0B)

    def remember(self) -> int:
        """The height; a reorganisation may go back to it."""
        self._snapshots = getattr(self, "_snapshots", {})
        self._snapshots[self.height] = self.tester.take_snapshot()
        return self.height

    @property
    def height(self) -> int:
        return self.backend.chain.get_canonical_head().block_number

    def block(self, number: int) -> Any:
        return self.backend.chain.get_canonical_block_by_number(number)

    def hash(self, number: int) -> str:
        return hexed(self.backend.chain.get_canonical_block_hash(number))

    def receipts(self, number: int) -> Any:
        return self.block(number).get_receipts(self.backend.chain.chaindb)


def hexed(data: bytes) -> str:
    return "0x" + bytes(data).hex()

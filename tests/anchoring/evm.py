"""A chain with the contract on it, and a service in the file that uses it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import rlp
from eth_account import Account
from web3 import Web3

from apps.anchoring import operations
from apps.anchoring.clients.evm.contract import DEPLOYMENT
from apps.anchoring.models import AnchorPending, AnchorToken
from tests.anchoring.evm_chain import GWEI, Chain
from tests.anchoring.evm_node import Node
from tests.anchoring.tsa import grow

KEY = "0x" + "5e" * 32
BY = Account.from_key(KEY).address


def deploy(chain: Chain) -> str:
    """The contract's address, from an account that is nobody's."""
    chain.tester.send_transaction(
        {
            "from": chain.rich,
            "data": "0x" + DEPLOYMENT.hex(),
            "gas": 200_000,
            "max_fee_per_gas": 100 * GWEI,
            "max_priority_fee_per_gas": GWEI,
        }
    )
    nonce = chain.tester.get_nonce(chain.rich)
    chain.mine()
    made = Web3.keccak(rlp.encode([bytes.fromhex(chain.rich[2:]), nonce]))
    return Web3.to_checksum_address(made[12:])


class Service:
    """`chain`, with two nodes, that counts two confirmations."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "services.toml"
        self.chain = Chain()
        self.contract = deploy(self.chain)
        self.chain.fund(BY)
        self.nodes = [Node(self.chain), Node(self.chain)]
        self.lines = {
            "kind": "evm",
            "rpc": " ".join(node.url for node in self.nodes),
            "chain_id": str(self.chain.id),
            "contract": self.contract,
            "key": "chain.key",
            "confirmations": "3",
            "every": "1 hour",
            "late": "2 hours",
        }
        self.key = folder / "chain.key"
        self.key.touch(mode=0o600)
        self.key.write_text(KEY + "\n")
        self.write()

    def write(self, **changed: str | None) -> None:
        """The file, with lines changed, or left out where they are None."""
        lines = {k: v for k, v in (self.lines | changed).items() if v is not None}
        text = "".join(f'{name} = "{value}"\n' for name, value in lines.items())
        self.path.write_text(f"[chain]\n{text}")

    def end(self) -> None:
        for node in self.nodes:
            node.end()


class Clock:
    """Rounds, and the chain's blocks between them, by one clock."""

    def __init__(self, service: Service, now: datetime) -> None:
        self.chain, self.at = service.chain, now
        self.chain.at = now

    def insist(self) -> operations.Anchored:
        """A round in which every service is asked, whatever happened before."""
        return operations.anchor_now(at=self.at)

    def round(self, minutes: int = 1) -> operations.Anchored:
        """A round; then so much time passes."""
        result = operations.anchor_due(at=self.at)
        self.at += timedelta(minutes=minutes)
        self.chain.at = self.at
        return result


@pytest.fixture
def evm(settings, tmp_path) -> Iterator[Service]:
    settings.ANCHOR_TSAS = str(tmp_path / "services.toml")
    service = Service(tmp_path)
    yield service
    service.end()


@pytest.fixture
def clock(evm, now):
    grow("lot A", now)
    return Clock(evm, now)


@pytest.fixture
def ripe(evm, clock):
    """A promise whose block has all its confirmations: the next look makes a token."""
    clock.round()
    evm.chain.noise(2)
    evm.chain.mine()
    clock.round()
    evm.chain.mine(5)
    return clock


def refusal(clock):
    """Why no stamp was believed; and that nothing of it is there."""
    result = clock.round()

    assert result.stamped == ()
    assert not AnchorToken.objects.exists()
    assert not AnchorPending.objects.exists()
    return result.failed["chain"]


def edit(**changed):
    """A lie that changes some fields of the truth."""
    return lambda truth, *asked: (truth(*asked) or {}) | changed

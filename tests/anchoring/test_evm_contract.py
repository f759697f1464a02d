"""The contract: its bytes are those of its listing, and a machine does what it says."""

import pytest
from eth_hash.auto import keccak
from eth_tester.exceptions import TransactionFailed

from apps.anchoring.clients.evm.contract import (
    DEPLOYMENT,
    LISTING,
    RUNTIME,
    call_data,
)
from apps.core.evm.token import CALL, EVENT
from tests.anchoring.evm import deploy
from tests.anchoring.evm_chain import GWEI, Chain
from tests.architecture.sources import ROOT

# Yellow Paper, appendix H: what stands for what, and how many bytes belong to it.
OPCODES = {
    0x00: "STOP",
    0x17: "OR",
    0x18: "XOR",
    0x1C: "SHR",
    0x33: "CALLER",
    0x34: "CALLVALUE",
    0x35: "CALLDATALOAD",
    0x36: "CALLDATASIZE",
    0x37: "CALLDATACOPY",
    0x39: "CODECOPY",
    0x57: "JUMPI",
    0x5B: "JUMPDEST",
    0x80: "DUP1",
    0xA3: "LOG3",
    0xF3: "RETURN",
    0xFD: "REVERT",
    **{0x5F + size: f"PUSH{size}" for size in range(1, 33)},
}
HEAD = b"\x17" * 32
SIZE = 4711


def read(code: bytes) -> list[tuple[int, str, bytes]]:
    """Place, name and operand of each instruction."""
    found, at = [], 0
    while at < len(code):
        name = OPCODES[code[at]]
        size = int(name[4:]) if name.startswith("PUSH") else 0
        found.append((at, name, code[at + 1 : at + 1 + size]))
        at += 1 + size
    assert at == len(code)
    return found


def test_the_bytes_are_those_of_the_listing():
    assert [(name, behind) for _, name, behind in read(RUNTIME)] == [
        (name, behind) for _, name, behind in LISTING
    ]
    assert len(RUNTIME) == 77


def test_what_is_wrong_jumps_to_the_revert():
    code = read(RUNTIME)
    at, names = code.index((0x15, "JUMPI", b"")), [name for _, name, _ in code]

    assert code[at - 1][1:] == ("PUSH1", b"\x48")
    assert (0x48, "JUMPDEST", b"") in code
    assert names[names.index("JUMPDEST") :] == ["JUMPDEST", "PUSH1", "DUP1", "REVERT"]
    assert names.count("JUMPI") == names.count("JUMPDEST") == 1
    assert "SSTORE" not in names


def test_selector_and_topic_are_the_hashes_of_their_names():
    pushed = {name: behind for _, name, behind in read(RUNTIME)}

    assert pushed["PUSH4"] == CALL == keccak(b"anchor(bytes32,uint256)")[:4]
    assert pushed["PUSH32"] == EVENT == keccak(b"Anchored(address,bytes32,uint256)")


def test_the_deployment_returns_what_follows_it():
    code = read(DEPLOYMENT[:11])

    assert [name for _, name, _ in code] == [
        *("PUSH1", "DUP1", "PUSH1", "PUSH1", "CODECOPY", "PUSH1", "RETURN")
    ]
    assert [behind[0] for _, name, behind in code if name == "PUSH1"] == [77, 11, 0, 0]
    assert DEPLOYMENT[11:] == RUNTIME


def test_the_documents_show_these_bytes():
    page = (ROOT / "docs/formats.md").read_text(encoding="utf-8")

    assert RUNTIME.hex() in page.replace("\n", "")
    assert EVENT.hex() in page


@pytest.fixture(scope="module")
def chain():
    chain = Chain()
    return chain, deploy(chain)


def call(chain, address, data, *, value=0, gas=100_000):
    wanted = {"from": chain.rich, "to": address, "data": "0x" + data.hex()}
    chain.tester.send_transaction(
        wanted
        | {"gas": gas, "value": value}
        | {"max_fee_per_gas": 100 * GWEI, "max_priority_fee_per_gas": GWEI}
    )
    chain.mine()
    return chain.receipts(chain.height)[0]


def test_it_stands_where_it_was_made(chain):
    chain, address = chain

    assert chain.tester.get_code(address) == "0x" + RUNTIME.hex()


def test_a_call_says_who_called_with_which_head(chain):
    chain, address = chain
    receipt = call(chain, address, call_data(root_hash=HEAD, tree_size=SIZE))

    (log,) = receipt.logs
    assert log.address == bytes.fromhex(address[2:])
    caller = bytes(12) + bytes.fromhex(chain.rich[2:])
    assert [topic.to_bytes(32, "big") for topic in log.topics] == [EVENT, caller, HEAD]
    assert log.data == SIZE.to_bytes(32, "big")
    assert receipt.gas_used < 26_000


@pytest.mark.parametrize("size", [0, 1, 2**63 - 1])
def test_every_size_of_a_tree(chain, size):
    chain, address = chain
    receipt = call(chain, address, call_data(root_hash=HEAD, tree_size=size))

    assert int.from_bytes(receipt.logs[0].data, "big") == size


WHOLE = call_data(root_hash=HEAD, tree_size=SIZE)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        pytest.param(WHOLE, 1, id="money"),
        pytest.param(b"", 0, id="nothing"),
        pytest.param(b"", 5, id="money alone"),
        pytest.param(WHOLE[:-1], 0, id="a byte too few"),
        pytest.param(WHOLE + b"\0", 0, id="a byte too many"),
        pytest.param(WHOLE[:4], 0, id="the selector alone"),
        pytest.param(bytes(4) + WHOLE[4:], 0, id="no function"),
        pytest.param(CALL[::-1] + WHOLE[4:], 0, id="another function"),
        pytest.param(WHOLE[:3] + bytes([WHOLE[3] ^ 1]) + WHOLE[4:], 0, id="one bit"),
    ],
)
def test_everything_else_is_reverted(chain, data, value):
    chain, address = chain
    receipt = call(chain, address, data, value=value)

    assert receipt.state_root == b""
    assert receipt.logs == ()
    assert chain.tester.get_balance(address) == 0
    with pytest.raises(TransactionFailed):
        chain.tester.call(
            {"from": chain.rich, "to": address, "data": "0x" + data.hex()}
            | ({"value": value} if value else {})
        )

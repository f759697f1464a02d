"""The contract, byte by byte: no compiler has to be trusted, and 77 bytes can be read.

As Solidity would say it:

    event Anchored(address indexed by, bytes32 indexed root, uint256 size);
    function anchor(bytes32 root, uint256 size) external {
        emit Anchored(msg.sender, root, size);
    }

It keeps nothing, owns nothing and obeys everybody: an event says who called. A call
with money, of another function or of another length is reverted.

Source: Yellow Paper, appendix H; Contract ABI 1.0 for selector, arguments and topics.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from apps.core.evm.token import CALL, EVENT
from apps.core.merkle import HASH_SIZE

_Line: TypeAlias = tuple[int, str, bytes]
"""An opcode, its name and, of a PUSH, the bytes that stand behind it."""

_FAIL: Final = b"\x48"  # where the JUMPDEST stands

# fmt: off
LISTING: Final[tuple[_Line, ...]] = (
    # What is wrong leaves a bit on the stack: money, another length, another function.
    (0x34, "CALLVALUE", b""),
    (0x36, "CALLDATASIZE", b""),
    (0x60, "PUSH1", b"\x44"),           # selector, root, size: 4 + 32 + 32
    (0x18, "XOR", b""),
    (0x17, "OR", b""),
    (0x60, "PUSH1", b"\x00"),
    (0x35, "CALLDATALOAD", b""),
    (0x60, "PUSH1", b"\xe0"),
    (0x1C, "SHR", b""),                 # the first four of 32 bytes
    (0x63, "PUSH4", CALL),
    (0x18, "XOR", b""),
    (0x17, "OR", b""),
    (0x60, "PUSH1", _FAIL),
    (0x57, "JUMPI", b""),
    # memory[0:32] = size, the data of the event
    (0x60, "PUSH1", b"\x20"),
    (0x60, "PUSH1", b"\x24"),
    (0x60, "PUSH1", b"\x00"),
    (0x37, "CALLDATACOPY", b""),
    # topics from the last to the first: root, caller, name; then where the data is
    (0x60, "PUSH1", b"\x04"),
    (0x35, "CALLDATALOAD", b""),
    (0x33, "CALLER", b""),
    (0x7F, "PUSH32", EVENT),
    (0x60, "PUSH1", b"\x20"),
    (0x60, "PUSH1", b"\x00"),
    (0xA3, "LOG3", b""),
    (0x00, "STOP", b""),
    (0x5B, "JUMPDEST", b""),
    (0x60, "PUSH1", b"\x00"),
    (0x80, "DUP1", b""),
    (0xFD, "REVERT", b""),
)
# fmt: on


def assemble(listing: tuple[_Line, ...]) -> bytes:
    """The code of a listing."""
    return b"".join(bytes([opcode]) + behind for opcode, _, behind in listing)


RUNTIME: Final = assemble(LISTING)
"""What `eth_getCode` must answer for the address of the contract."""

# fmt: off
_DEPLOYMENT: Final[tuple[_Line, ...]] = (
    (0x60, "PUSH1", bytes([len(RUNTIME)])),
    (0x80, "DUP1", b""),
    (0x60, "PUSH1", b"\x0b"),           # the code follows these eleven bytes
    (0x60, "PUSH1", b"\x00"),
    (0x39, "CODECOPY", b""),
    (0x60, "PUSH1", b"\x00"),
    (0xF3, "RETURN", b""),
)
# fmt: on

DEPLOYMENT: Final = assemble(_DEPLOYMENT) + RUNTIME
"""The data of the transaction that makes the contract."""


def call_data(*, root_hash: bytes, tree_size: int) -> bytes:
    """The data of a call that anchors a head: `anchor(root, size)`."""
    return CALL + root_hash + tree_size.to_bytes(HASH_SIZE, "big")

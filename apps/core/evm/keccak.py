"""Keccak-256 as Ethereum hashes: the sponge of SHA-3 with the padding from before it.

In Python alone, because neither `hashlib` nor `cryptography` has it. A permutation takes
half a millisecond, and the proof of a receipt needs some thirty.

Source: Keccak reference 3.0, sections 1.2 and 2; Yellow Paper, appendix B.
"""

from __future__ import annotations

from typing import Final

_RATE_BYTES: Final = 136
_LANE: Final = (1 << 64) - 1


def _round_constants() -> tuple[int, ...]:
    """The 24 constants of iota, from the reference's shift register."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if register & 1:
                constant |= 1 << ((1 << power) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


def _moves() -> tuple[tuple[int, int], ...]:
    """Of rho and pi: where each lane goes in turn, and by how many bits it turns."""
    x, y, moves = 1, 0, []
    for step in range(1, 25):
        x, y = y, (2 * x + 3 * y) % 5
        moves.append((x + 5 * y, step * (step + 1) // 2 % 64))
    return tuple(moves)


_CONSTANTS: Final = _round_constants()
_MOVES: Final = _moves()


def keccak256(data: bytes) -> bytes:
    """The 32-byte hash of `data`."""
    size = -(len(data) + 1) % _RATE_BYTES
    padded = bytearray(data + b"\x01" + bytes(size))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), _RATE_BYTES):
        for number in range(_RATE_BYTES // 8):
            at = start + 8 * number
            lanes[number] ^= int.from_bytes(padded[at : at + 8], "little")
        _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permute(lanes: list[int]) -> None:
    for constant in _CONSTANTS:
        sums = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        for x in range(5):
            after = sums[x - 4]
            mixed = sums[x - 1] ^ (after << 1 & _LANE | after >> 63)
            for at in range(x, 25, 5):
                lanes[at] ^= mixed
        carried = lanes[1]
        for at, bits in _MOVES:
            turned = carried << bits & _LANE | carried >> (64 - bits)
            carried, lanes[at] = lanes[at], turned
        for row in range(0, 25, 5):
            a, b, c, d, e = lanes[row : row + 5]
            lanes[row : row + 5] = (
                *(a ^ (~b & c), b ^ (~c & d), c ^ (~d & e)),
                *(d ^ (~e & a), e ^ (~a & b)),
            )
        lanes[0] ^= constant

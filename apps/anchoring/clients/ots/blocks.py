"""What the header of a Bitcoin block shows: its work, its time, the root of its hashes.

Source: Bitcoin developer reference, "Block Headers" and "Target nBits".
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from apps.core.errors import MalformedInput, ProofError

HEADER_SIZE: Final = 80
# The easiest target that a chain admits.
_LIMITS: Final = {"bitcoin": 0xFFFF << 208, "bitcoin-regtest": 0x7FFFFF << 232}
CHAINS: Final = tuple(_LIMITS)


@dataclass(frozen=True, slots=True)
class Header:
    """The 80 bytes of a header that shows its work.

    Args:
        raw: as blocks hold it.
    """

    raw: bytes

    @property
    def hash_hex(self) -> str:
        """As explorers spell it: from the last byte to the first."""
        return _hash(self.raw)[::-1].hex()

    @property
    def root(self) -> bytes:
        """Of the tree over the block's transactions, 32 bytes as they are hashed."""
        return self.raw[36:68]

    @property
    def time_seconds(self) -> int:
        """POSIX time; a miner's word, right within two hours."""
        return int.from_bytes(self.raw[68:72], "little")

    @classmethod
    def parse(cls, raw: bytes, *, chain: str) -> Header:
        """A header of `chain`, whose hash is below its own target.

        Raises:
            MalformedInput: `bad_length`; `unknown_word`: no such chain.
            ProofError: `header_without_work`.
        """
        if len(raw) != HEADER_SIZE:
            raise MalformedInput(
                "bad_length", field="header", got=len(raw), wanted="80 bytes"
            )
        if chain not in _LIMITS:
            wanted = ", ".join(CHAINS)
            raise MalformedInput(
                "unknown_word", field="chain", got=chain, wanted=wanted
            )
        header = cls(raw)
        target = _target(int.from_bytes(raw[72:76], "little"))
        if not int.from_bytes(_hash(raw), "little") <= target <= _LIMITS[chain]:
            raise ProofError(
                "header_without_work",
                field="header",
                got=header.hash_hex,
                wanted="a hash below the target of the chain",
            )
        return header

    def verify_root(self, root: bytes) -> None:
        """Check that the block holds what hashes to `root`.

        Raises:
            ProofError: `block_differs`.
        """
        if self.root != root:
            raise ProofError(
                "block_differs",
                field="root",
                got=root[::-1].hex(),
                wanted=f"{self.root[::-1].hex()}, as the header says",
            )


def _hash(raw: bytes) -> bytes:
    return sha256(sha256(raw).digest()).digest()


def _target(bits: int) -> int:
    """The number that compact `bits` stand for; 0, which nothing meets, for none."""
    size, mantissa = bits >> 24, bits & 0x007FFFFF
    if bits & 0x00800000 or size > 32:
        return 0
    return mantissa << 8 * (size - 3) if size >= 3 else mantissa >> 8 * (3 - size)

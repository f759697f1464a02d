"""A promise of a chain, as its row keeps it: what was signed, and where it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from apps.core.canonical import JsonValue, canonical_bytes, parse_canonical
from apps.core.encoding import decode_hex
from apps.core.fields import Fields

_MAX_BYTES: Final = 256_000
MOST_SIGNED: Final = 100


@dataclass(frozen=True, slots=True)
class Signed:
    """One signed transaction; all of a promise have the same nonce.

    Args:
        max_fee: for a unit of gas, in wei.
        tip: of it, for who makes the block.
        at_ms: when it was signed.
    """

    hash: bytes
    raw: bytes
    max_fee: int
    tip: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class State:
    """What it takes to go on.

    Args:
        nonce: of every transaction of it: one of them at most can be in a block.
        gas: the limit of each.
        signed: at least one, in the order in which they were signed.
        seen_in: hash of the block that held one of them when it was looked at last.
        missed_at_ms: since when the nonce is used up and none of them is in a block.
    """

    nonce: int
    gas: int
    signed: tuple[Signed, ...]
    seen_in: bytes | None = None
    missed_at_ms: int | None = None

    @property
    def newest(self) -> Signed:
        """The one that pays most."""
        return self.signed[-1]

    def encode(self) -> bytes:
        """The bytes for the row."""
        signed: list[JsonValue] = [
            {
                "hash": each.hash.hex(),
                "raw": each.raw.hex(),
                "max_fee": each.max_fee,
                "tip": each.tip,
                "at_ms": each.at_ms,
            }
            for each in self.signed
        ]
        value: dict[str, JsonValue] = {
            "nonce": self.nonce,
            "gas": self.gas,
            "signed": signed,
        }
        if self.seen_in is not None:
            value["seen_in"] = self.seen_in.hex()
        if self.missed_at_ms is not None:
            value["missed_at_ms"] = self.missed_at_ms
        return canonical_bytes(value)

    @classmethod
    def parse(cls, data: bytes) -> State:
        """Read back what `encode` wrote.

        Raises:
            MalformedInput: it is something else.
        """
        fields = Fields(
            parse_canonical(data, max_bytes=_MAX_BYTES, field="state"), where="state"
        )
        state = cls(
            nonce=fields.integer("nonce"),
            gas=fields.integer("gas"),
            signed=fields.each("signed", _read_signed, least=1, most=MOST_SIGNED),
            seen_in=fields.hexed("seen_in") if fields.has("seen_in") else None,
            missed_at_ms=(
                fields.integer("missed_at_ms") if fields.has("missed_at_ms") else None
            ),
        )
        fields.close()
        return state


def _read_signed(fields: Fields, name: str) -> Signed:
    inner = fields.object(name)
    raw = inner.string("raw")
    signed = Signed(
        hash=inner.hexed("hash"),
        raw=decode_hex(raw, size_bytes=len(raw) // 2, field=inner.path("raw")),
        max_fee=inner.integer("max_fee"),
        tip=inner.integer("tip"),
        at_ms=inner.integer("at_ms"),
    )
    inner.close()
    return signed

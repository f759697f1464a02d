"""How large the network is, and who plays in it: plain numbers, drawn by a seed."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from apps.core.gs1 import compute_check_digit
from pharmatrace.demo.cast import Medicine

CASE, PALLET, GROUP = 48, 40, 8  # packs, cases, packs of a case that is split
PRODUCTS: Final = 20
_ALPHABET: Final = string.digits + string.ascii_uppercase
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Shape:
    """A network by its numbers.

    Args:
        lots: packs in each lot.
        pharmacies, depots, wholesalers: partners beside the cast; a hub besides.
    """

    name: str
    lots: tuple[int, ...]
    pharmacies: int
    depots: int
    wholesalers: int

    @property
    def packs(self) -> int:
        return sum(self.lots)


_LOT: Final = 100_000
SHAPES: Final = {
    shape.name: shape
    for shape in (
        Shape("384", (96, 96, 192), 4, 2, 2),
        Shape("2k", (480, 480, 960), 24, 2, 2),
        Shape("20k", (4_800, 4_800, 9_600), 300, 6, 2),
        Shape("1m", (_LOT,) * 10, 11_000, 50, 5),
        Shape("10m", (*(_LOT,) * 90, _MILLION), 11_000, 50, 5),
    )
}


def lot_name(number: int) -> str:
    return f"NET{number:04}"


def medicine(number: int) -> Medicine:
    """The product of a lot, the lots taking turns."""
    body = f"09521568{10_000 + number % PRODUCTS}"
    gtin = f"{body}{compute_check_digit(body)}"
    name = f"Benchol {number % PRODUCTS}"
    return Medicine(gtin, name, "10 mg", "tablets", "30 tablets")


def serials(draw: random.Random, count: int) -> list[str]:
    """So many different serials of 14 characters."""
    found: dict[str, None] = {}
    while len(found) < count:
        many = draw.choices(_ALPHABET, k=14 * (count - len(found)))
        text = "".join(many)
        found.update(dict.fromkeys(text[n : n + 14] for n in range(0, len(text), 14)))
    return list(found)


def drawn(*what: object) -> random.Random:
    """A stream of its own for each thing, whatever was drawn before."""
    return random.Random(":".join(map(str, what)))


def key_bytes(*what: object) -> bytes:
    """32 bytes for a key that is the same each time."""
    return sha256(":".join(map(str, what)).encode()).digest()


def swapped(draw: random.Random, size: int, share: float = 0.01) -> list[int]:
    """Ordinals in the order of packing, a share of them in another's case."""
    order = list(range(size))
    for _ in range(int(size * share / 2)):
        one, other = draw.randrange(size), draw.randrange(size)
        order[one], order[other] = order[other], order[one]
    return order


def cut(things: Sequence[int], size: int) -> list[Sequence[int]]:
    """Parts of `size`, the last one smaller."""
    return [things[at : at + size] for at in range(0, len(things), size)]

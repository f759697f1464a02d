"""What is known about a scanned code from the asking partner's point of view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reading = Literal["pack", "partial", "container", "unreadable", "ambiguous"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the decision reads, and nothing else.

    Attributes:
        reading: "pack": GTIN and serial; "partial": a code that names no pack;
            "container": an SSCC;
            "ambiguous": separators were lost and several readings remain.
        is_product_known: the product that was read is registered, or none was read.
        is_known: the product has this serial.
        is_lot_known: the ledger has the lot that was read, or none was read.
        is_case_swapped: the pack exists with upper and lower case exchanged.
        lot_differs: the code's lot is not that of the pack with this serial.
        expiry_differs: likewise its expiry date.
        is_recalled: an open recall covers the pack, or the whole lot that was read.
        is_held: somebody put the pack on hold.
        is_expired: its last day of use is past.
        status: of the pack as the ledger knows it, "" for an unknown one.
        is_yours: the asking partner holds it, or answers for it under way.
        is_sent_to_you: it is under way to the asking partner.
        is_inspector: the asker is the regulator, who sees every place.
        may_supply: the asking partner holds a licence to supply this product.
    """

    reading: Reading = "pack"
    is_product_known: bool = True
    is_known: bool = True
    is_lot_known: bool = True
    is_case_swapped: bool = False
    lot_differs: bool = False
    expiry_differs: bool = False
    is_recalled: bool = False
    is_held: bool = False
    is_expired: bool = False
    status: str = "active"
    is_yours: bool = True
    is_sent_to_you: bool = False
    is_inspector: bool = False
    may_supply: bool = True

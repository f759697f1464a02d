"""The demo's lots, serials and logistic units: invented, but the same every time."""

import base64
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from apps.core.gs1 import compute_check_digit
from pharmatrace.demo.cast import AMOXIL, CARDIOL, DOLOREX, RESPIRA, Medicine, Player

CASE = 24
_SERIAL_CHARACTERS = 14


@dataclass(frozen=True, slots=True)
class DemoLot:
    """A lot to be made; `is_boxed` says whether its packs stand in cases of 24."""

    medicine: Medicine
    number: str
    size: int
    months: int  # of life left
    is_boxed: bool = True

    @property
    def serials(self) -> list[str]:
        """Serials that look random and are the same in every demo."""
        return [_serial(f"{self.number}/{number}") for number in range(self.size)]

    @property
    def as_item(self) -> dict[str, str]:
        """All of the lot at a place, as a wish names it."""
        return {"gtin": self.medicine.gtin, "lot": self.number}

    def pack(self, number: int) -> str:
        """The text of one pack's code, as under its symbol."""
        return f"(01){self.medicine.gtin}(21){self.serials[number]}"

    def expiry_after(self, today: date) -> date:
        """The last day of the month in which the lot expires."""
        month = today.month - 1 + self.months
        year, month = today.year + month // 12, month % 12 + 1
        return date(year, month, monthrange(year, month)[1])


RECALLED = DemoLot(AMOXIL, "A123", 144, 15)
LOTS = (
    RECALLED,
    DemoLot(AMOXIL, "A124", 96, 16),
    DemoLot(AMOXIL, "A125", 96, 18),
    DemoLot(AMOXIL, "A126", 48, 20),
    DemoLot(AMOXIL, "A127", 48, 22, is_boxed=False),
    DemoLot(CARDIOL, "C201", 120, 24),
    DemoLot(CARDIOL, "C202", 96, 25),
    DemoLot(CARDIOL, "C203", 72, 26),
    DemoLot(CARDIOL, "C204", 48, 28, is_boxed=False),
    DemoLot(CARDIOL, "C205", 48, 30, is_boxed=False),
    DemoLot(RESPIRA, "R-11", 72, 9),
    DemoLot(RESPIRA, "R-12", 72, 10),
    DemoLot(RESPIRA, "R-13", 48, 11, is_boxed=False),
    DemoLot(RESPIRA, "R-14", 48, 1, is_boxed=False),
    DemoLot(RESPIRA, "R-15", 24, 12, is_boxed=False),
    DemoLot(DOLOREX, "D81/1", 96, 30),
    DemoLot(DOLOREX, "D81/2", 96, 30),
    DemoLot(DOLOREX, "D82/1", 72, 32),
    DemoLot(DOLOREX, "D82/2", 48, 33, is_boxed=False),
    DemoLot(DOLOREX, "D83/1", 48, 35, is_boxed=False),
)
BY_NUMBER = {lot.number: lot for lot in LOTS}


def sscc_codes(player: Player, *, extension: int) -> Iterator[str]:
    """SSCCs of a partner, one after the other, as their 20-character codes."""
    prefix = player.prefixes[0]
    for number in range(1, 10 ** (16 - len(prefix))):
        body = f"{extension}{prefix}{number:0{16 - len(prefix)}d}"
        yield f"(00){body}{compute_check_digit(body)}"


def _serial(name: str) -> str:
    digest = sha256(f"demo/{name}".encode()).digest()
    return base64.b32encode(digest).decode()[:_SERIAL_CHARACTERS]

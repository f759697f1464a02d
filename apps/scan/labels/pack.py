"""What stands on a label, as data carriers hold it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from apps.core.gs1 import build_bracketed, build_digital_link, format_yymmdd


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack to be labelled."""

    product: str
    gtin: str
    lot: str
    serial: str
    expiry_date: date

    @property
    def elements(self) -> tuple[tuple[str, str], ...]:
        """AIs 01, 17, 10, 21: the order in which one separator is enough."""
        return (
            ("01", self.gtin),
            ("17", format_yymmdd(self.expiry_date)),
            ("10", self.lot),
            ("21", self.serial),
        )

    @property
    def bracketed(self) -> str:
        """The human readable text of all elements."""
        return build_bracketed(self.elements)

    def link(self, *, stem: str) -> str:
        """The pack's GS1 Digital Link under our own address."""
        return build_digital_link(self.elements, stem=stem)

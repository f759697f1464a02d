"""What is said of a product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from .canonical import JsonValue
from .fields import Fields


@dataclass(frozen=True, slots=True)
class MarketCode:
    """A national number of a product, such as an NDC, PZN or CIP."""

    system: str
    code: str


@dataclass(frozen=True, slots=True)
class ProductRegister:
    """A medicine in one pack size; `strength` and `form` may be "" (none)."""

    gtin: str
    name: str
    strength: str
    form: str
    pack_size: str
    brand_owner: str
    market_codes: tuple[MarketCode, ...] = ()

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `product.register`."""
        return cls(
            gtin=fields.gtin("gtin"),
            name=fields.text("name"),
            strength=_read_optional(fields, "strength"),
            form=_read_optional(fields, "form"),
            pack_size=fields.text("pack_size", longest=80),
            brand_owner=fields.gln("brand_owner"),
            market_codes=(
                fields.distinct("market_codes", _read_market_code, least=1, most=20)
                if fields.has("market_codes")
                else ()
            ),
        )

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        made: dict[str, JsonValue] = {
            "gtin": self.gtin,
            "name": self.name,
            "pack_size": self.pack_size,
            "brand_owner": self.brand_owner,
        }
        if self.strength:
            made["strength"] = self.strength
        if self.form:
            made["form"] = self.form
        if self.market_codes:
            made["market_codes"] = [
                {"system": each.system, "code": each.code} for each in self.market_codes
            ]
        return made


def _read_market_code(fields: Fields, name: str) -> MarketCode:
    inner = fields.object(name)
    code = MarketCode(
        system=inner.text("system", longest=20), code=inner.text("code", longest=40)
    )
    inner.close()
    return code


def _read_optional(fields: Fields, name: str) -> str:
    return fields.text(name, longest=80) if fields.has(name) else ""

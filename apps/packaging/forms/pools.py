"""What may be asked of a pool, read the same from the API and from the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from pyroaring import BitMap

from apps.catalog.models import Product
from apps.core.encoding import parse_date
from apps.core.errors import MalformedInput
from apps.core.fields import Fields
from apps.intake.models import Upload
from apps.intake.queries import list_owned_products
from apps.packaging.formats.numbers import read_ranges, read_text
from apps.packaging.operations.commissioning import upload_pool
from apps.packaging.operations.generating import order_pool
from apps.partners.queries import Actor
from apps.pools import operations as pools
from apps.pools.models import Pool
from apps.pools.operations import Change, PoolWish
from apps.pools.queries import DEFAULT_LENGTH, LONGEST, MOST, find_numbers

MOVES: Final = frozenset({"named", "printed", "destroyed", "closed"})
_MOST_NAMED: Final = 10_000


def submit_pool(*, asked: Mapping[str, Any], actor: Actor, at: datetime) -> Pool:
    """Reserve what `asked` says: gtin, size, and perhaps length, lot, expiry_date.

    Raises:
        MalformedInput: a field, `unknown_product`, `guessable`, `expiry_in_past`.
    """
    fields = Fields(dict(asked), where="")
    gtin = fields.gtin("gtin")
    size = fields.integer("size", least=1, most=MOST)
    length = DEFAULT_LENGTH
    if fields.has("length"):
        length = fields.integer("length", least=1, most=LONGEST)
    named = _read_lot(fields, at) if fields.has("lot") else None
    fields.close()
    product = owned_product(gtin, actor)
    lot, expiry_date = named or ("", None)
    wish = PoolWish(product, size, length, lot, expiry_date)
    return order_pool(wish=wish, actor=actor, at=at)


def submit_move(
    *, pool: Pool, asked: Mapping[str, Any], actor: Actor, at: datetime
) -> Pool:
    """Do to serials of the pool what `asked` says: to, and numbers, serials, reason.

    Raises:
        MalformedInput, LedgerConflict: as the move says.
    """
    fields = Fields(dict(asked), where="")
    to = fields.word("to", MOVES)
    reason = fields.text("reason") if fields.has("reason") else ""
    change = Change(actor.user, at, reason)
    if to == "named":
        lot, expiry_date = _read_lot(fields, at)
        fields.close()
        return pools.name_lot(
            pool_id=pool.pk, lot=lot, expiry_date=expiry_date, change=change
        )
    if to == "closed":
        fields.close()
        return pools.close_pool(pool_id=pool.pk, change=change)
    units = read_units(fields, pool)
    fields.close()
    move = pools.print_serials if to == "printed" else pools.destroy_serials
    return move(pool_id=pool.pk, units=units, change=change)


def submit_commissioning(
    *, pool: Pool, asked: Mapping[str, Any], actor: Actor, at: datetime
) -> Upload:
    """Send printed serials to the check: site, and lot, expiry_date, numbers.

    Raises:
        MalformedInput, LedgerConflict: as `upload_pool`.
    """
    fields = Fields(dict(asked), where="")
    site = fields.gln("site")
    units = read_units(fields, pool) if fields.has("numbers") else None
    lot, expiry_date = pool.lot, pool.expiry_date
    if fields.has("lot") or expiry_date is None:
        lot, expiry_date = _read_lot(fields, at)
    fields.close()
    return upload_pool(
        pool=pool,
        units=units,
        lot=lot,
        expiry_date=expiry_date,
        site=site,
        actor=actor,
        at=at,
    )


@dataclass(frozen=True, slots=True)
class Typed:
    """What a page's form sent: texts, of which empty ones are left out."""

    texts: Mapping[str, str]

    def asked(self, *names: str, whole: tuple[str, ...] = ()) -> dict[str, Any]:
        """The named fields as the API would have them.

        Raises:
            MalformedInput: `not_a_number`.
        """
        found: dict[str, Any] = {
            name: self.texts[name].strip()
            for name in names
            if self.texts.get(name, "").strip()
        }
        for name in whole:
            if text := self.texts.get(name, "").strip():
                found[name] = _whole_number(text, name)
        return found


def _whole_number(text: str, name: str) -> int:
    digits = text.replace(",", "").replace(".", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise MalformedInput("not_a_number", field=name, got=text, wanted="digits")
    return int(digits)


def read_units(fields: Fields, pool: Pool) -> BitMap:
    """The serials that are meant: by number, one by one, or both."""
    units = BitMap()
    if fields.has("numbers"):
        value = fields.take("numbers")
        units = read_text(value) if isinstance(value, str) else read_ranges(value)
    if fields.has("serials"):
        value = fields.take("serials")
        named = value.split() if isinstance(value, str) else value
        units |= find_numbers(pool=pool, serials=_read_serials(named))
    return units


def _read_serials(value: object) -> list[str]:
    if (
        not isinstance(value, list)
        or len(value) > _MOST_NAMED
        or not all(isinstance(each, str) for each in value)
    ):
        raise MalformedInput(
            "wrong_type", field="serials", wanted=f"at most {_MOST_NAMED} serials"
        )
    return value


def _read_lot(fields: Fields, at: datetime) -> tuple[str, date]:
    lot = fields.lot("lot")
    expiry_date = parse_date(fields.string("expiry_date"), field="expiry_date")
    if expiry_date <= at.date():
        raise MalformedInput(
            "expiry_in_past",
            field="expiry_date",
            got=expiry_date.isoformat(),
            wanted=f"a day after {at.date().isoformat()}",
        )
    return lot, expiry_date


def owned_product(gtin: str, actor: Actor) -> Product:
    """The actor's own product.

    Raises:
        MalformedInput: `unknown_product`.
    """
    owned = [each for each in list_owned_products(actor=actor) if each.gtin == gtin]
    if not owned:
        raise MalformedInput(
            "unknown_product",
            field="gtin",
            got=gtin,
            wanted="a registered product of yours",
        )
    return owned[0]

"""Two trade chains that never met, in which every text carries a word of its own.

A canary is a word that stands in one field of one organisation and nowhere else; who
receives it has read that field. `A` and `B` are mirror images.
"""

from dataclasses import dataclass
from datetime import date

from apps.core.gs1 import compute_check_digit
from pharmatrace.demo.cast import Medicine, Person, Place, Player

EXPIRY = date(2029, 2, 28)
_TRADES = {"maker": "manufacturer", "hub": "wholesaler", "shop": "pharmacy"}


def canary(world: str, who: str, field: str) -> str:
    """The word of one field, lower case: e-mail addresses carry it too."""
    return f"q{world}{who}{field}z".lower()


@dataclass(frozen=True, slots=True)
class Chain:
    """A maker, a wholesaler and a pharmacy, and the one product they trade."""

    letter: str
    maker: Player
    hub: Player
    shop: Player
    medicine: Medicine

    @property
    def players(self) -> tuple[Player, Player, Player]:
        """In the order of the goods."""
        return self.maker, self.hub, self.shop

    def word(self, who: str, field: str) -> str:
        """A canary of this chain."""
        return canary(self.letter, who, field)

    def serials(self, count: int, *, start: int = 0) -> list[str]:
        """Serials that carry the maker's word."""
        stem = self.word("mk", "sn")
        return [f"{stem}{number:04}" for number in range(start, start + count)]

    def sscc(self, number: int) -> str:
        """A case or pallet of the maker's, as its code."""
        return "(00)" + _checked(f"0{self.maker.prefixes[0]}{number:09}")

    def pack(self, serial: str) -> str:
        """The text of a pack's code."""
        return f"(01){self.medicine.gtin}(21){serial}"


def make_chain(letter: str, *, first_prefix: int) -> Chain:
    """A chain whose GS1 prefixes count up from `first_prefix` (7 digits)."""
    players = [
        _player(letter, slug, trade, str(first_prefix + number))
        for number, (slug, trade) in enumerate(_TRADES.items())
    ]
    medicine = Medicine(
        gtin=_checked(f"0{first_prefix}10001"),
        name=canary(letter, "maker", "product").title(),
        strength="5 mg",
        form="tablets",
        pack_size="20 tablets",
    )
    return Chain(letter, *players, medicine)


def _player(letter: str, slug: str, trade: str, prefix: str) -> Player:
    def word(field: str) -> str:
        return canary(letter, slug, field)

    return Player(
        slug=f"{letter.lower()}-{slug}",
        gln=_checked(f"{prefix}00001"),
        name=f"{word('name').title()} Ltd",
        country="DE",
        role=trade,
        prefixes=(prefix,),
        sites=(Place(_checked(f"{prefix}00002"), f"Site {word('site')}"),),
        people=(
            _person(letter, slug, "admin"),
            _person(letter, slug, "signer"),
            _person(letter, slug, "member"),
            _person(letter, slug, "clerk", role="signer"),  # no key yet
        ),
        address=f"{word('address')} street 1",
        phone=f"+49 {word('phone')}",
    )


def _person(letter: str, slug: str, post: str, role: str = "") -> Person:
    def word(field: str) -> str:
        return canary(letter, slug, f"{post}{field}")

    return Person(
        username=f"{word('mail')}@chain.example",
        first_name=word("first").title(),
        last_name=word("last").title(),
        role=role or post,
        signer=word("signer"),
    )


def _checked(body: str) -> str:
    return f"{body}{compute_check_digit(body)}"


A = make_chain("A", first_prefix=9521100)
B = make_chain("B", first_prefix=9521200)
CHAINS = (A, B)

"""Who plays in the demo network, and what they make: plain facts, invented.

GLNs and GTINs carry correct check digits under prefixes used by nobody here.
"""

from dataclasses import dataclass

PASSWORD = "show-me-the-packs"  # noqa: S105  # printed at start, on purpose


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who logs in; `role` is that of the membership and of the key."""

    username: str
    first_name: str
    last_name: str
    role: str
    signer: str  # the random id under which statements name this person


@dataclass(frozen=True, slots=True)
class Place:
    """A site of a partner."""

    gln: str
    name: str


@dataclass(frozen=True, slots=True)
class Player:
    """An organisation of the demo."""

    slug: str
    gln: str
    name: str
    country: str
    role: str
    prefixes: tuple[str, ...]
    sites: tuple[Place, ...]
    people: tuple[Person, ...]
    address: str
    phone: str

    @property
    def admin(self) -> Person:
        """The person whose key was admitted with the partner."""
        return self.people[0]


@dataclass(frozen=True, slots=True)
class Medicine:
    """A product that Novamed makes."""

    gtin: str
    name: str
    strength: str
    form: str
    pack_size: str


OPERATOR = Player(
    slug="operator",
    gln="9506000100012",
    name="PharmaTrace Operations",
    country="CH",
    role="operator",
    prefixes=(),
    sites=(),
    people=(
        Person("otto@operator.example", "Otto", "Brunner", "admin", "op-1f0c7a52d9"),
    ),
    address="Bahnhofstrasse 1, 8001 Zürich",
    phone="+41 44 000 00 10",
)
REGULATOR = Player(
    slug="regulator",
    gln="9501101000018",
    name="Medicines Authority",
    country="CH",
    role="regulator",
    prefixes=(),
    sites=(),
    people=(
        Person("rita@authority.example", "Rita", "Keller", "admin", "ma-7be20c41f3"),
    ),
    address="Hallerstrasse 7, 3012 Bern",
    phone="+41 58 000 00 20",
)
NOVAMED = Player(
    slug="novamed",
    gln="9521568000017",
    name="Novamed",
    country="DE",
    role="manufacturer",
    prefixes=("9521568",),
    sites=(
        Place("9521568000024", "Novamed plant Freiburg"),
        Place("9521568000031", "Novamed depot Offenburg"),
    ),
    people=(
        Person("nora@novamed.example", "Nora", "Vogt", "admin", "nm-a91d3e6b20"),
        Person("nils@novamed.example", "Nils", "Arndt", "signer", "nm-44c8f01b7d"),
    ),
    address="Industriestrasse 12, 79108 Freiburg",
    phone="+49 761 000 00 30",
)
TRANSPHARM = Player(
    slug="transpharm",
    gln="9529999000019",
    name="Transpharm",
    country="DE",
    role="wholesaler",
    prefixes=("9529999",),
    sites=(Place("9529999000026", "Transpharm hub Karlsruhe"),),
    people=(
        Person("tom@transpharm.example", "Tom", "Becker", "admin", "tp-5d2e98a0c6"),
        Person("tara@transpharm.example", "Tara", "Lenz", "signer", "tp-e07b135f92"),
    ),
    address="Hafenring 40, 76189 Karlsruhe",
    phone="+49 721 000 00 40",
)
STELLA = Player(
    slug="stella",
    gln="9524141000015",
    name="Stella Pharmacy",
    country="DE",
    role="pharmacy",
    prefixes=("9524141",),
    sites=(Place("9524141000022", "Stella Pharmacy, counter"),),
    people=(
        Person("stella@stella.example", "Stella", "Marin", "admin", "sp-c3f6710e8a"),
        Person("simon@stella.example", "Simon", "Kraft", "member", "sp-90ab42d7e1"),
    ),
    address="Marktplatz 3, 76133 Karlsruhe",
    phone="+49 721 000 00 50",
)
LINDE = Player(
    slug="linde",
    gln="9524333000014",
    name="Linden Pharmacy",
    country="DE",
    role="pharmacy",
    prefixes=("9524333",),
    sites=(Place("9524333000021", "Linden Pharmacy, counter"),),
    people=(Person("lea@linden.example", "Lea", "Hartmann", "admin", "lp-18e5d9b3f0"),),
    address="Lindenallee 21, 68161 Mannheim",
    phone="+49 621 000 00 60",
)
MARKT = Player(
    slug="markt",
    gln="9524444000019",
    name="Market Pharmacy",
    country="DE",
    role="pharmacy",
    prefixes=("9524444",),
    sites=(Place("9524444000026", "Market Pharmacy, counter"),),
    people=(Person("max@market.example", "Max", "Sommer", "admin", "mp-6fa7c02d54"),),
    address="Marktstrasse 9, 70173 Stuttgart",
    phone="+49 711 000 00 70",
)

OFFICES = (OPERATOR, REGULATOR)
TRADERS = (NOVAMED, TRANSPHARM, STELLA, LINDE, MARKT)
EVERYBODY = OFFICES + TRADERS

AMOXIL = Medicine("09521568251204", "Amoxil", "500 mg", "hard capsules", "24 capsules")
CARDIOL = Medicine(
    "09521568310017", "Cardiol", "5 mg", "film-coated tablets", "30 tablets"
)
RESPIRA = Medicine(
    "09521568452106", "Respira", "100 µg", "pressurised inhalation", "200 doses"
)
DOLOREX = Medicine(
    "09521568600330", "Dolorex", "400 mg", "film-coated tablets", "20 tablets"
)
MEDICINES = (AMOXIL, CARDIOL, RESPIRA, DOLOREX)

"""What is said of parties and keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from .canonical import JsonValue
from .encoding import format_time_ms
from .errors import MalformedInput, located
from .fields import Fields
from .keys import ALGORITHMS, MAX_SPKI_BYTES, PublicKey, load_public_key
from .statement import SIGNER_PATTERN
from .strict import format_base64

LICENCE_ROLES: Final = frozenset(
    {
        "manufacturer",
        "wholesaler",
        "pharmacy",
        "hospital",
        "carrier",
        "regulator",
        "operator",
    }
)
KEY_ROLES: Final = frozenset({"member", "signer", "admin"})
ANY_PRODUCT: Final = ("*",)

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_PREFIX: Final = re.compile(r"[0-9]{4,12}")
_MOST_SITES: Final = 5_000
_MOST_GTINS: Final = 10_000


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A public key and the person or system (random id) that holds it."""

    key: PublicKey
    signer: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """The members `spki_b64`, `alg` and `signer`."""
        return cls(key=read_key(fields), signer=read_signer(fields))

    def to_json(self) -> dict[str, JsonValue]:
        """The members of the object."""
        return {**key_json(self.key), "signer": self.signer}


@dataclass(frozen=True, slots=True)
class PartyAdmit:
    """A new party, with the key that its first administrator signs with.

    Args:
        key_tag: which of the two subjects is the key's, for readers without K_tag.
    """

    gln: str
    name: str
    country: str
    first_key: NamedKey
    key_tag: bytes

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `party.admit`."""
        inner = fields.object("first_key")
        first_key = NamedKey.read(inner)
        inner.close()
        return cls(
            gln=fields.gln("gln"),
            name=fields.text("name"),
            country=read_country(fields),
            first_key=first_key,
            key_tag=fields.hexed("key_tag"),
        )

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        return {
            "gln": self.gln,
            "name": self.name,
            "country": self.country,
            "first_key": self.first_key.to_json(),
            "key_tag": self.key_tag.hex(),
        }


@dataclass(frozen=True, slots=True)
class SiteNamed:
    """A place of a party (GLN, AI 414) and what it is called."""

    gln: str
    name: str


@dataclass(frozen=True, slots=True)
class PartyLicence:
    """What a party may do: the newest statement for a party and role counts.

    Args:
        gs1_prefixes: ascending.
        sites: ascending by GLN.
        scope: GTINs of 14 digits, ascending, or `ANY_PRODUCT`.
        from_ms: first moment, milliseconds since 1970.
        to_ms: first moment no longer covered; None is open-ended.
    """

    gln: str
    role: str
    gs1_prefixes: tuple[str, ...]
    sites: tuple[SiteNamed, ...]
    scope: tuple[str, ...]
    from_ms: int
    to_ms: int | None
    is_suspended: bool

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `party.licence`."""
        licence = cls(
            gln=fields.gln("gln"),
            role=fields.word("role", LICENCE_ROLES),
            gs1_prefixes=fields.ascending("gs1_prefixes", _read_prefix, most=100),
            sites=fields.ascending(
                "sites", _read_site, by=lambda site: site.gln, most=_MOST_SITES
            ),
            scope=_read_products(fields),
            from_ms=fields.time_ms("from"),
            to_ms=fields.time_ms("to") if fields.has("to") else None,
            is_suspended=fields.flag("suspended"),
        )
        if licence.to_ms is not None and licence.to_ms <= licence.from_ms:
            raise MalformedInput(
                "bad_window",
                field=fields.path("to"),
                got=format_time_ms(licence.to_ms),
                wanted="later than from",
            )
        return licence

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        made: dict[str, JsonValue] = {
            "gln": self.gln,
            "role": self.role,
            "gs1_prefixes": list(self.gs1_prefixes),
            "sites": [{"gln": site.gln, "name": site.name} for site in self.sites],
            "scope": list(self.scope),
            "from": format_time_ms(self.from_ms),
            "suspended": self.is_suspended,
        }
        if self.to_ms is not None:
            made["to"] = format_time_ms(self.to_ms)
        return made


@dataclass(frozen=True, slots=True)
class KeyEnrol:
    """A further key of a party; signed by that key and by an administrator's.

    Args:
        key_tag: which of the two subjects is the key's, for readers without K_tag.
    """

    party: str
    key: PublicKey
    signer: str
    role: str
    key_tag: bytes

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `key.enrol`."""
        return cls(
            party=fields.gln("party"),
            key=read_key(fields),
            signer=read_signer(fields),
            role=fields.word("role", KEY_ROLES),
            key_tag=fields.hexed("key_tag"),
        )

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        return {
            "party": self.party,
            **key_json(self.key),
            "signer": self.signer,
            "role": self.role,
            "key_tag": self.key_tag.hex(),
        }


@dataclass(frozen=True, slots=True)
class KeyRevoke:
    """The end of a key, from here on; what it signed before stays signed.

    Args:
        suspect_since_ms: statements accepted since then want another look.
    """

    keyid: str
    reason: str
    suspect_since_ms: int | None = None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `key.revoke`."""
        since = fields.has("suspect_since")
        return cls(
            keyid=fields.hexed("keyid").hex(),
            reason=fields.text("reason"),
            suspect_since_ms=fields.time_ms("suspect_since") if since else None,
        )

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        made: dict[str, JsonValue] = {"keyid": self.keyid, "reason": self.reason}
        if self.suspect_since_ms is not None:
            made["suspect_since"] = format_time_ms(self.suspect_since_ms)
        return made


def read_key(fields: Fields) -> PublicKey:
    """The members `spki_b64` and `alg`: a key that may be enrolled."""
    spki = fields.based("spki_b64", most_bytes=MAX_SPKI_BYTES)
    alg = fields.word("alg", ALGORITHMS)
    with located(fields.path("spki_b64")):
        return load_public_key(spki=spki, alg=alg)


def key_json(key: PublicKey) -> dict[str, JsonValue]:
    """The members that `read_key` reads."""
    return {"spki_b64": format_base64(key.spki), "alg": key.alg}


def read_signer(fields: Fields) -> str:
    """The member `signer`: a random id, never a name."""
    return fields.matching("signer", SIGNER_PATTERN, wanted="a random id")


def read_country(fields: Fields) -> str:
    """The member `country`: ISO 3166-1 alpha-2."""
    return fields.matching("country", _COUNTRY, wanted="an ISO country code")


def _read_prefix(fields: Fields, name: str) -> str:
    return fields.matching(name, _PREFIX, wanted="4 to 12 digits")


def _read_site(fields: Fields, name: str) -> SiteNamed:
    inner = fields.object(name)
    site = SiteNamed(gln=inner.gln("gln"), name=inner.text("name"))
    inner.close()
    return site


def _read_products(fields: Fields) -> tuple[str, ...]:
    scope = fields.distinct("scope", Fields.string, least=1, most=_MOST_GTINS)
    if scope == ANY_PRODUCT:
        return scope
    again = Fields({"scope": list(scope)}, where=fields.where)
    return again.ascending("scope", Fields.gtin, most=_MOST_GTINS)

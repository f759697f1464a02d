"""Leaf 0: what every verifier of a ledger starts from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from .canonical import JsonValue
from .checkpoint import Checkpoint
from .custody.law import LAW_VERSION
from .errors import MalformedInput
from .fields import Fields
from .keys import WEBAUTHN_ES256, PublicKey
from .map import MAP_VERSION
from .note import Note
from .notekey import SignatureType, VerifierKey
from .party_bodies import NamedKey, key_json, read_country, read_key
from .statement import LEDGER_PATTERN
from .strict import format_base64
from .webauthn import WebauthnScope

AUTHORITY_ROLES: Final = frozenset({"regulator", "brand_authority"})
_MOST_NOTE_BYTES: Final = 65_536
_LOG_KINDS: Final = (SignatureType.ED25519, SignatureType.COSIGNATURE_MLDSA44)
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
# WebAuthn Level 3 section 13.4.9: an origin as browsers write it into clientDataJSON.
_ORIGIN: Final = re.compile(
    r"(?:https://|http://(?=(?:localhost|127\.0\.0\.1)(?::|$)))"
    r"(?P<host>[a-z0-9.-]+)(?::[0-9]{1,5})?"
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A party that is there from the first leaf, with its keys.

    Args:
        role: operator, regulator or brand_authority.
        keys: they have no `key.enrol`; a `key.revoke` is their only entry.
    """

    gln: str
    name: str
    country: str
    role: str
    keys: tuple[NamedKey, ...]

    def to_json(self) -> dict[str, JsonValue]:
        """The members of the object."""
        made: dict[str, JsonValue] = {
            "gln": self.gln,
            "name": self.name,
            "country": self.country,
            "keys": [key.to_json() for key in self.keys],
        }
        if self.role != "operator":
            made["role"] = self.role
        return made


@dataclass(frozen=True, slots=True)
class Genesis:
    """Leaf 0: what every verifier of this ledger starts from.

    Args:
        authorities: ascending by GLN, one regulator at least.
        receipt_keys: Ed25519 or P-256, ascending by keyid; they sign receipts only.
        log_vkeys: C2SP verifier keys named as the origin, an Ed25519 one (0x01)
            first, then perhaps ML-DSA-44 (0x06).
        previous_checkpoint: last signed head of the ledger that this one continues.
    """

    origin: str
    operator: Authority
    authorities: tuple[Authority, ...]
    receipt_keys: tuple[PublicKey, ...]
    log_vkeys: tuple[str, ...]
    webauthn: WebauthnScope
    law_version: int
    map_version: int
    previous_checkpoint: bytes = b""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `genesis`."""
        has_previous = fields.has("previous_checkpoint")
        genesis = cls(
            origin=fields.matching("origin", LEDGER_PATTERN, wanted="the log's origin"),
            operator=_read_operator(fields),
            # An envelope holds 16 signatures: theirs and the operator's.
            authorities=fields.ascending(
                "authorities",
                _read_authority,
                by=lambda each: each.gln,
                least=1,
                most=15,
            ),
            receipt_keys=fields.ascending(
                "receipt_keys",
                _read_receipt_key,
                by=lambda key: key.keyid,
                least=1,
                most=8,
            ),
            log_vkeys=fields.distinct("log_vkeys", _read_vkey, least=1, most=8),
            webauthn=_read_webauthn(fields),
            law_version=fields.integer("law_version", least=1, most=LAW_VERSION),
            map_version=fields.integer("map_version", least=1, most=MAP_VERSION),
            previous_checkpoint=(
                fields.based("previous_checkpoint", most_bytes=_MOST_NOTE_BYTES)
                if has_previous
                else b""
            ),
        )
        _verify_genesis(genesis)
        return genesis

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        made: dict[str, JsonValue] = {
            "origin": self.origin,
            "operator": self.operator.to_json(),
            "authorities": [each.to_json() for each in self.authorities],
            "receipt_keys": [dict(key_json(key)) for key in self.receipt_keys],
            "log_vkeys": list(self.log_vkeys),
            "webauthn": {
                "rp_id": self.webauthn.rp_id,
                "origins": list[JsonValue](sorted(self.webauthn.origins)),
            },
            "law_version": self.law_version,
            "map_version": self.map_version,
        }
        if self.previous_checkpoint:
            made["previous_checkpoint"] = format_base64(self.previous_checkpoint)
        return made

    @property
    def parties(self) -> tuple[Authority, ...]:
        """The operator and the authorities."""
        return (self.operator, *self.authorities)


def _read_operator(fields: Fields) -> Authority:
    inner = fields.object("operator")
    operator = _read_party(inner, "operator")
    inner.close()
    return operator


def _read_authority(fields: Fields, name: str) -> Authority:
    inner = fields.object(name)
    authority = _read_party(inner, inner.word("role", AUTHORITY_ROLES))
    inner.close()
    return authority


def _read_party(fields: Fields, role: str) -> Authority:
    return Authority(
        gln=fields.gln("gln"),
        name=fields.text("name"),
        country=read_country(fields),
        role=role,
        keys=fields.each("keys", _read_party_key, least=1, most=16),
    )


def _read_party_key(fields: Fields, name: str) -> NamedKey:
    inner = fields.object(name)
    key = NamedKey.read(inner)
    inner.close()
    return key


def _read_receipt_key(fields: Fields, name: str) -> PublicKey:
    inner = fields.object(name)
    key = read_key(inner)
    inner.close()
    if key.alg == WEBAUTHN_ES256:
        # No authenticator signs for a web server.
        raise MalformedInput(
            "unfit_key_type", field=inner.where, got=key.alg, wanted="a machine's key"
        )
    return key


def _read_vkey(fields: Fields, name: str) -> str:
    text = fields.text(name, longest=4_000)
    VerifierKey.parse(text)
    return text


def _verify_genesis(genesis: Genesis) -> None:
    """What leaf 0 says cannot be mended later: all of it must make sense together."""
    if not any(each.role == "regulator" for each in genesis.authorities):
        raise MalformedInput(
            "no_regulator", field="body.authorities", wanted="one regulator at least"
        )
    for number, text in enumerate(genesis.log_vkeys):
        key = VerifierKey.parse(text)
        kinds = _LOG_KINDS if number else _LOG_KINDS[:1]
        if key.name != genesis.origin or key.kind not in kinds:
            raise MalformedInput(
                "unfit_key_type",
                field=f"body.log_vkeys[{number}]",
                got=f"type {int(key.kind)} of {key.name}",
                wanted=f"a log's key named {genesis.origin}, Ed25519 first",
            )
    if genesis.previous_checkpoint:
        Checkpoint.parse(Note.parse(genesis.previous_checkpoint).text)


def _read_webauthn(fields: Fields) -> WebauthnScope:
    inner = fields.object("webauthn")
    rp_id = inner.matching("rp_id", _HOST, wanted="a host in lower case")
    origins = inner.ascending("origins", Fields.string, least=1, most=20)
    inner.close()
    for origin in origins:
        match = _ORIGIN.fullmatch(origin)
        host = match["host"] if match else ""
        if not f".{host}".endswith(f".{rp_id}"):
            raise MalformedInput(
                "bad_origin",
                field=inner.path("origins"),
                got=origin,
                wanted=f"https://host[:port] of {rp_id}; http on this machine only",
            )
    return WebauthnScope(rp_id=rp_id, origins=frozenset(origins))

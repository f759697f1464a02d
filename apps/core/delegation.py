"""A voice lent for a shift: an enrolled key names a device key for up to 12 hours.

A pharmacist's passkey signs the delegation once; the device key signs each scan. The
delegation travels in the signature it explains and is not logged by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .canonical import canonical_bytes, parse_canonical
from .encoding import format_time_ms
from .envelope import DELEGATION_TYPE, Envelope, Signature
from .errors import MalformedInput, UntrustedSignature
from .fields import Fields
from .keys import PublicKey
from .party_bodies import read_key
from .signing import Verify, WebauthnScope, verify_signature
from .statement import LEDGER_PATTERN, SIGNER_PATTERN
from .strict import format_base64

LONGEST_MS: Final = 12 * 60 * 60 * 1000
CLOCK_TOLERANCE_MS: Final = 5 * 60 * 1000
MAX_DELEGATION_BYTES: Final = 4_096
# A lent voice never administers keys.
ROLES: Final = frozenset({"member", "signer"})


@dataclass(frozen=True, slots=True)
class Delegation:
    """What an enrolled key allowed a device key.

    Args:
        by: GLN of the party, the same as the statement's.
        signer: id of the person, the same as the statement's.
        site: GLN of the only place it may be used at.
        key: the device key.
        from_ms: start, milliseconds since 1970.
        to_ms: end, at most 12 hours later.
    """

    ledger: str
    by: str
    signer: str
    role: str
    site: str
    key: PublicKey
    from_ms: int
    to_ms: int


def parse_delegation(payload: bytes) -> Delegation:
    """Read the signed bytes of a delegation.

    Raises:
        MalformedInput: as for a statement, or longer than 12 hours.
    """
    where = "delegation"
    fields = Fields(
        parse_canonical(payload, max_bytes=MAX_DELEGATION_BYTES, field=where),
        where=where,
    )
    fields.integer("v", least=1, most=1)
    inner = fields.object("delegate")
    key = read_key(inner)
    inner.close()
    delegation = Delegation(
        ledger=fields.matching("ledger", LEDGER_PATTERN, wanted="the log's origin"),
        by=fields.gln("by"),
        signer=fields.matching("signer", SIGNER_PATTERN, wanted="a random id"),
        role=fields.word("role", ROLES),
        site=fields.gln("site"),
        key=key,
        from_ms=fields.time_ms("from"),
        to_ms=fields.time_ms("to"),
    )
    fields.close()
    if not delegation.from_ms < delegation.to_ms <= delegation.from_ms + LONGEST_MS:
        raise MalformedInput("bad_expiry", field="delegation.to", wanted="12 hours")
    return delegation


def build_delegation(delegation: Delegation) -> bytes:
    """The bytes that the enrolled key signs; raises as `parse_delegation`."""
    payload = canonical_bytes(
        {
            "v": 1,
            "ledger": delegation.ledger,
            "by": delegation.by,
            "signer": delegation.signer,
            "role": delegation.role,
            "site": delegation.site,
            "delegate": {
                "alg": delegation.key.alg,
                "spki_b64": format_base64(delegation.key.spki),
            },
            "from": format_time_ms(delegation.from_ms),
            "to": format_time_ms(delegation.to_ms),
        }
    )
    parse_delegation(payload)
    return payload


def read_delegation(signature: Signature) -> tuple[Delegation, str]:
    """The delegation inside `signature` and the keyid of who must have signed it.

    Raises:
        MalformedInput: there is none, or not exactly one signature under it.
    """
    envelope = signature.delegation
    if envelope is None or envelope.payload_type != DELEGATION_TYPE:
        raise MalformedInput("missing_field", field="delegation")
    if len(envelope.signatures) != 1:
        raise MalformedInput("bad_length", field="delegation", wanted="one signature")
    return parse_delegation(envelope.payload), envelope.signatures[0].keyid


def verify_delegation(
    *,
    envelope: Envelope,
    delegator: PublicKey,
    webauthn: WebauthnScope | None,
    delegation: Delegation,
    accepted_ms: int,
    verify: Verify = verify_signature,
) -> None:
    """Check that `delegator` lent its voice at the law's moment.

    Args:
        envelope: `signature.delegation`.
        delegator: the enrolled key, of the party `delegation.by`.
        webauthn: relying party of genesis.
        delegation: what `read_delegation` read from that envelope.
        accepted_ms: when the door accepted the statement.
        verify: as in `speech.verify_speech`.

    Raises:
        UntrustedSignature: outside its time, or not signed by `delegator`.
    """
    earliest = delegation.from_ms - CLOCK_TOLERANCE_MS
    if not earliest <= accepted_ms <= delegation.to_ms:
        raise UntrustedSignature(
            "delegation_out_of_time",
            got=format_time_ms(accepted_ms),
            wanted=f"until {format_time_ms(delegation.to_ms)}",
        )
    verify(
        key=delegator,
        pae=envelope.pae,
        signature=envelope.signatures[0],
        webauthn=webauthn,
    )

"""Keys as those know them who judge what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .bodies import (
    Genesis,
    KeyEnrol,
    KeyReattest,
    KeyRevoke,
    PartyAdmit,
    read_body,
)
from .keys import PublicKey
from .statement import PARTY_KINDS, Statement

MEMBER: Final = "member"  # reads; does not sign
ADMIN: Final = "admin"
_ABOUT_A_KEY: Final = frozenset({"key.revoke", "key.reattest"})


@dataclass(frozen=True, slots=True)
class Speaker:
    """A key and whose voice it is.

    Args:
        gln: the party it speaks for.
        signer: id of the person or system that holds it.
        role: of the key: member, signer or admin; keys of genesis are admin keys.
        revoked_ms: when it ended, None while it speaks.
    """

    key: PublicKey
    gln: str
    signer: str
    role: str
    revoked_ms: int | None = None


def brought_by(statement: Statement) -> dict[str, Speaker]:
    """The keys that a statement brings itself, by keyid.

    Raises:
        MalformedInput: a body that cannot be read.
    """
    if statement.kind not in PARTY_KINDS | {"genesis"}:
        return {}
    body = read_body(statement)
    brought: list[Speaker] = []
    if isinstance(body, Genesis):
        brought = [
            Speaker(each.key, party.gln, each.signer, ADMIN)
            for party in body.parties
            for each in party.keys
        ]
    elif isinstance(body, PartyAdmit):
        first = body.first_key
        brought = [Speaker(first.key, body.gln, first.signer, ADMIN)]
    elif isinstance(body, KeyEnrol):
        brought = [Speaker(body.key, body.party, body.signer, body.role)]
    return {each.key.keyid: each for each in brought}


def key_about(statement: Statement) -> str:
    """The keyid that a key.revoke ends or a key.reattest speaks of, "" for others.

    Raises:
        MalformedInput: a body that cannot be read.
    """
    if statement.kind not in _ABOUT_A_KEY:
        return ""
    body = read_body(statement)
    return body.keyid if isinstance(body, KeyRevoke | KeyReattest) else ""

"""Passkeys enrolled, voices lent, and what a device key says with one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.delegation import Delegation, build_delegation
from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Envelope,
    Signature,
    build_envelope,
    envelope_bytes,
    pae,
)
from apps.core.keys import PublicKey
from apps.core.signing import PrivateKey, public_key_of, sign, sign_envelope
from apps.ledger.formats import as_ms
from apps.ledger.operations import Accepted
from apps.partners import queries
from pharmatrace.demo.cast import Person, Player
from tests.cast import Stage
from tests.partners.helpers import draft_bytes
from tests.partners.passkeys import Passkey

FIVE_MINUTES_MS = 5 * 60 * 1000


def enrol_passkey(
    stage: Stage, player: Player, person: Person | None = None
) -> Passkey:
    """A fresh passkey of a person, enrolled by itself and by the admin's key."""
    passkey = Passkey(queries.get_genesis().webauthn)
    wish = {"kind": "key.enrol", **passkey.wish}
    actor = stage.actor(player, person)
    draft = queries.draft_enrol(wish=wish, actor=actor, at=stage.tick())
    admin = stage.keyring.key_of(player)
    stage.send(
        envelope_bytes(
            build_envelope(
                payload_type=STATEMENT_TYPE,
                payload=draft.payload,
                signatures=[
                    passkey.signature(STATEMENT_TYPE, draft.payload),
                    _plain(admin, draft.payload),
                ],
            )
        )
    )
    return passkey


def delegation_to(
    device: PublicKey, stage: Stage, player: Player, **changes: Any
) -> Delegation:
    """Eight hours from now at the player's first site, by its admin."""
    delegation = Delegation(
        ledger=queries.get_genesis().origin,
        by=player.gln,
        signer=player.admin.signer,
        role="signer",
        site=player.sites[0].gln,
        key=device,
        from_ms=as_ms(stage.at),
        to_ms=as_ms(stage.at + timedelta(hours=8)),
    )
    return replace(delegation, **changes)


def lend(lender: Passkey | PrivateKey, delegation: Delegation) -> Envelope:
    """The delegation, signed by the key that lends its voice."""
    payload = build_delegation(delegation)
    if isinstance(lender, Passkey):
        return lender.sign_envelope(DELEGATION_TYPE, payload)
    return sign_envelope(
        payload_type=DELEGATION_TYPE, payload=payload, private_keys=[lender]
    )


def say_with(device: Ed25519PrivateKey, lent: Envelope | None, payload: bytes) -> bytes:
    """The envelope over a statement that a device key signed with a lent voice."""
    return envelope_bytes(
        build_envelope(
            payload_type=STATEMENT_TYPE,
            payload=payload,
            signatures=[replace(_plain(device, payload), delegation=lent)],
        )
    )


def say(
    stage: Stage,
    player: Player,
    wish: dict[str, object],
    device: Ed25519PrivateKey,
    lent: Envelope,
) -> Accepted:
    """Draft a wish of the player's admin, sign it with the device key, send it."""
    return stage.send(say_with(device, lent, draft_bytes(stage, player, wish)))


def device_key() -> tuple[Ed25519PrivateKey, PublicKey]:
    """A fresh key as a browser makes it for a shift."""
    private = Ed25519PrivateKey.generate()
    return private, public_key_of(private)


def _plain(key: PrivateKey, payload: bytes) -> Signature:
    return Signature(public_key_of(key).keyid, sign(key, pae(STATEMENT_TYPE, payload)))

"""Statements made by hand, where a draft would refuse to write what is tried."""

from collections.abc import Sequence
from dataclasses import replace

from apps.core.envelope import (
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    envelope_bytes,
    pae,
)
from apps.core.signing import PrivateKey, public_key_of, sign
from apps.core.statement import build_statement, parse_statement
from apps.exchange import queries as drafts
from apps.ledger.models import Pending, Statement, Vault
from apps.partners.models import Licence, SigningKey, TradingPartner
from pharmatrace.demo.cast import Player
from tests.cast import Stage


def rows() -> tuple[int, ...]:
    """How much is written: the same before and after a refusal."""
    models = (Statement, Vault, Pending, SigningKey, TradingPartner, Licence)
    return tuple(model.objects.count() for model in models)


def altered(payload: bytes, **changes: object) -> bytes:
    """A drafted statement with other members."""
    statement = parse_statement(payload)
    return build_statement(replace(statement, **changes))  # type: ignore[arg-type]


def envelope_of(payload: bytes, keys: Sequence[PrivateKey]) -> bytes:
    """The envelope over `payload`, signed with each of `keys`."""
    covered = pae(STATEMENT_TYPE, payload)
    return envelope_bytes(
        build_envelope(
            payload_type=STATEMENT_TYPE,
            payload=payload,
            signatures=[
                Signature(public_key_of(key).keyid, sign(key, covered)) for key in keys
            ],
        )
    )


def draft_bytes(stage: Stage, player: Player, wish: dict[str, object]) -> bytes:
    """What `player` would have to sign for `wish`."""
    actor = stage.actor(player)
    return drafts.draft(wish=wish, actor=actor, at=stage.tick()).payload

"""Statements made by hand, where a draft would refuse to write what is tried."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from apps.core.envelope import (
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    envelope_bytes,
    pae,
    parse_envelope,
)
from apps.core.errors import UntrustedSignature
from apps.core.signing import PrivateKey, public_key_of, sign
from apps.core.statement import build_statement, parse_statement
from apps.core.strict import format_base64
from apps.exchange import queries as drafts
from apps.ledger.models import Pending, Statement, Vault
from apps.partners import operations, queries
from apps.partners.models import Licence, Proposal, SigningKey, TradingPartner
from pharmatrace.demo.cast import Player
from tests.cast import REGULATOR, STELLA, Stage


def rows() -> tuple[int, ...]:
    """How much is written: the same before and after a refusal."""
    models = (Statement, Vault, Pending, SigningKey, TradingPartner, Licence)
    return tuple(model.objects.count() for model in models)


def refusal(code: str, kind: type[Exception] = UntrustedSignature) -> Any:
    return pytest.raises(kind, check=lambda error: error.code == code)


def row_of(stage: Stage, player: Player) -> Any:
    (row,) = queries.list_proposals(actor=stage.actor(player))
    return row


def payload_of(proposal: Proposal) -> bytes:
    return parse_envelope(bytes(proposal.envelope)).payload


def add(stage: Stage, proposal: Proposal, player: Player, *keys: Any) -> Proposal:
    return operations.add_signature(
        actor=stage.actor(player),
        proposal_id=proposal.pk,
        envelope=envelope_of(payload_of(proposal), list(keys)),
        at=stage.tick(),
    )


def read(client: Client, path: str) -> str:
    """What a page shows."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def altered(payload: bytes, **changes: object) -> bytes:
    """A drafted statement with other members."""
    statement = parse_statement(payload)
    return build_statement(replace(statement, **changes))  # type: ignore[arg-type]


def envelope_of(
    payload: bytes, keys: Sequence[PrivateKey], *others: Signature
) -> bytes:
    """The envelope over `payload`, signed with each of `keys`, beside `others`."""
    covered = pae(STATEMENT_TYPE, payload)
    return envelope_bytes(
        build_envelope(
            payload_type=STATEMENT_TYPE,
            payload=payload,
            signatures=[
                *(
                    Signature(public_key_of(key).keyid, sign(key, covered))
                    for key in keys
                ),
                *others,
            ],
        )
    )


def draft_bytes(stage: Stage, player: Player, wish: dict[str, object]) -> bytes:
    """What `player` would have to sign for `wish`."""
    actor = stage.actor(player)
    return drafts.draft(wish=wish, actor=actor, at=stage.tick()).payload


def named_key(key: PrivateKey) -> dict[str, str]:
    """The members by which a wish names a key."""
    public = public_key_of(key)
    return {"spki_b64": format_base64(public.spki), "alg": public.alg}


def propose_licence(stage: Stage, **changes: object) -> Proposal:
    """The regulator signs a further licence for Stella; the operator has not yet."""
    wish = {"kind": "party.licence", "gln": STELLA.gln, "role": "hospital"}
    wish["from"] = "2027-01-01"
    actor = stage.actor(REGULATOR)
    draft = drafts.draft(wish=wish | changes, actor=actor, at=stage.tick())
    return operations.propose(
        actor=actor,
        envelope=envelope_of(draft.payload, [stage.keyring.key_of(REGULATOR)]),
        at=stage.tick(),
    )

"""In the demo nobody waits: the administrators' own keys confirm at once.

The keys are those of the demo's key directory; where one is missing, or the wish is
more than its person may have, the request simply waits for a human.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from apps.core.envelope import (
    STATEMENT_TYPE,
    Envelope,
    Signature,
    build_envelope,
    envelope_bytes,
    parse_envelope,
)
from apps.core.errors import TraceError
from apps.core.signing import PrivateKey, public_key_of, sign, sign_envelope
from apps.exchange import operations as exchange
from apps.exchange.formats import read_submission
from apps.partners import queries
from apps.partners.models import KeyRequest, User
from pharmatrace.demo.cast import EVERYBODY, OPERATOR, Player
from pharmatrace.demo.signing import Keyring

logger = logging.getLogger(__name__)


def approve_key(*, request_id: int, at: datetime) -> bool:
    """Co-sign a new key with its organisation's demo admin key; False if it waits."""
    asked = queries.find_request(request_id)
    player = next((each for each in EVERYBODY if each.gln == asked.partner.gln), None)
    if player is None or not _keyring().has_key(player):
        return False
    key = _keyring().key_of(player)
    envelope = parse_envelope(bytes(asked.envelope))
    if not asked.replaces:
        return _submit(envelope, key, at)
    return _submit_all([_signed(envelope, key), _end_of(asked, player, key, at)], at)


def cosign_proposal(*, proposal_id: int, at: datetime) -> bool:
    """Co-sign what the regulator proposed with the demo operator's key."""
    proposal = queries.find_proposal(proposal_id)
    if not _keyring().has_key(OPERATOR) or queries.wants_new_key(proposal):
        return False
    key = _keyring().key_of(OPERATOR)
    return _submit(parse_envelope(bytes(proposal.envelope)), key, at)


def _keyring() -> Keyring:
    return Keyring(settings.DEMO_KEYS_DIR)


def _end_of(
    asked: KeyRequest, player: Player, key: PrivateKey, at: datetime
) -> Envelope:
    """The revocation of the key that the new one replaces, by the demo's admin."""
    admin = User.objects.get(username=player.admin.username)
    wish = {
        "kind": "key.revoke",
        "keyid": asked.replaces,
        "reason": "replaced by its person",
    }
    if asked.lost_since is not None:
        wish["suspect_since"] = asked.lost_since.isoformat()
    draft = queries.draft_revoke(
        wish=wish, actor=queries.get_actor(user=admin, chosen_gln=player.gln), at=at
    )
    return sign_envelope(
        payload_type=STATEMENT_TYPE, payload=draft.payload, private_keys=[key]
    )


def _signed(envelope: Envelope, key: PrivateKey) -> Envelope:
    own = Signature(public_key_of(key).keyid, sign(key, envelope.pae))
    others = [each for each in envelope.signatures if each.keyid != own.keyid]
    return build_envelope(
        payload_type=envelope.payload_type,
        payload=envelope.payload,
        signatures=[*others, own],
    )


def _submit(envelope: Envelope, key: PrivateKey, at: datetime) -> bool:
    return _submit_all([_signed(envelope, key)], at)


def _submit_all(envelopes: Sequence[Envelope], at: datetime) -> bool:
    try:
        exchange.submit_all(
            submissions=[
                read_submission(
                    envelope=envelope_bytes(envelope),
                    lines=None,
                    at=at,
                    origin=settings.LEDGER_ORIGIN,
                )
                for envelope in envelopes
            ],
            at=at,
        )
    except TraceError as error:
        logger.warning("The demo did not confirm: %s", error)
        return False
    return True

"""In the demo nobody waits: the administrators' own keys confirm at once.

The keys are those of the demo's key directory; where one is missing, or the wish is
more than its person may have, the request simply waits for a human.
"""

import logging
from datetime import datetime

from django.conf import settings

from apps.core.envelope import (
    Envelope,
    Signature,
    build_envelope,
    envelope_bytes,
    parse_envelope,
)
from apps.core.errors import TraceError
from apps.core.signing import PrivateKey, public_key_of, sign
from apps.exchange import operations as exchange
from apps.partners import queries
from pharmatrace.demo.cast import EVERYBODY, OPERATOR
from pharmatrace.demo.signing import Keyring

logger = logging.getLogger(__name__)


def approve_key(*, request_id: int, at: datetime) -> bool:
    """Co-sign a new key with its organisation's demo admin key; False if it waits."""
    asked = queries.find_request(request_id)
    player = next((each for each in EVERYBODY if each.gln == asked.partner.gln), None)
    if player is None or not _keyring().has_key(player):
        return False
    key = _keyring().key_of(player)
    return _submit(parse_envelope(bytes(asked.envelope)), key, at)


def cosign_proposal(*, proposal_id: int, at: datetime) -> bool:
    """Co-sign what the regulator proposed with the demo operator's key."""
    proposal = queries.find_proposal(proposal_id)
    if not _keyring().has_key(OPERATOR) or queries.wants_new_key(proposal):
        return False
    key = _keyring().key_of(OPERATOR)
    return _submit(parse_envelope(bytes(proposal.envelope)), key, at)


def _keyring() -> Keyring:
    return Keyring(settings.DEMO_KEYS_DIR)


def _submit(envelope: Envelope, key: PrivateKey, at: datetime) -> bool:
    own = Signature(public_key_of(key).keyid, sign(key, envelope.pae))
    others = [each for each in envelope.signatures if each.keyid != own.keyid]
    signed = build_envelope(
        payload_type=envelope.payload_type,
        payload=envelope.payload,
        signatures=[*others, own],
    )
    try:
        exchange.submit(
            envelope=envelope_bytes(signed),
            lines=None,
            at=at,
            origin=settings.LEDGER_ORIGIN,
        )
    except TraceError as error:
        logger.warning("The demo did not confirm: %s", error)
        return False
    return True

"""The log's key, where this host holds it, and the policy that names its public half."""

from __future__ import annotations

from django.conf import settings

from apps.core.notekey import SignatureType, SignerKey, VerifierKey
from apps.core.policy import NO_QUORUM, Policy, PolicyLog
from apps.edge.secrets import log_key


def log_signer() -> SignerKey:
    """The Ed25519 key that signs checkpoints, under the log's origin.

    Raises:
        Unavailable: this host does not hold it.
    """
    seed = log_key().private_bytes_raw()
    return SignerKey(settings.LEDGER_ORIGIN, SignatureType.ED25519, seed)


def build_policy(key: VerifierKey) -> Policy:
    """What a reader of this log needs: its key and address; no witnesses yet."""
    log = PolicyLog(key, f"{settings.SITE_URL}/log")
    return Policy(logs=(log,), witnesses=(), groups=(), quorum=NO_QUORUM)

"""The log's keys, where this host holds them."""

from __future__ import annotations

from django.conf import settings

from apps.core.notekey import SignatureType, SignerKey
from apps.edge.secrets import log_key, log_mldsa_key


def log_signers() -> tuple[SignerKey, ...]:
    """The keys that sign checkpoints, under the log's origin: Ed25519, then ML-DSA-44.

    The second outlives computers that break the first (DESIGN section 3, Log).

    Raises:
        Unavailable: this host does not hold them.
    """
    origin, second = settings.LEDGER_ORIGIN, log_mldsa_key()
    first = SignerKey(origin, SignatureType.ED25519, log_key().private_bytes_raw())
    if second is None:
        return (first,)
    kind = SignatureType.COSIGNATURE_MLDSA44
    return (first, SignerKey(origin, kind, second.private_bytes_raw()))

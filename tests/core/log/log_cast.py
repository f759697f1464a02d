"""The keys of a small log and its three witnesses, made afresh for each run."""

from apps.core.checkpoint import Checkpoint, sign_checkpoint
from apps.core.merkle import leaf_hash
from apps.core.notekey import SignatureType, SignerKey
from apps.core.policy import Policy
from apps.core.tree import MemoryTree

ORIGIN = "ledger.example/log"
NOW = 1_800_000_000
LOG = SignerKey.generate(ORIGIN, SignatureType.ED25519)
LOG_PQ = SignerKey.generate(ORIGIN, SignatureType.COSIGNATURE_MLDSA44)
REGULATOR = SignerKey.generate("regulator.example/w", SignatureType.COSIGNATURE_ED25519)
CHEMISTS = SignerKey.generate("chemists.example/w", SignatureType.COSIGNATURE_MLDSA44)
RIVAL = SignerKey.generate("rival.example/w", SignatureType.COSIGNATURE_ED25519)
MALLORY = SignerKey.generate("mallory.example/w", SignatureType.COSIGNATURE_ED25519)

ENTRIES = [f"entry {number}".encode() for number in range(20)]
TREE = MemoryTree(leaf_hash(entry) for entry in ENTRIES)

POLICY_TEXT = f"""# two of three witness the ledger
log {LOG.verifier.format()} https://{ORIGIN}/
log {LOG_PQ.verifier.format()}

witness regulator {REGULATOR.verifier.format()} https://regulator.example/
\twitness chemists   {CHEMISTS.verifier.format()}
witness rival {RIVAL.verifier.format()}
group two-of-three 2 regulator chemists rival
quorum two-of-three
"""
POLICY = Policy.parse(POLICY_TEXT.encode())


SIZE = len(ENTRIES)


def head(size=SIZE):
    return Checkpoint(ORIGIN, size, TREE.root(size))


def signed_note(*signers, size=SIZE):
    return sign_checkpoint(head(size), signers or (LOG, LOG_PQ), time_seconds=NOW)


def flip(data, bit):
    """`data` with one bit changed."""
    changed = bytearray(data)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)

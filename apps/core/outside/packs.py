"""What pharmatrace-verify says of a pack: its proof or its code, and how old that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..keyring import KeyRing
from ..packproof import PackProof, ShownStep
from ..packs import verify_pack_proof, verify_proof_code
from ..policy import Policy
from ..proofcode import ProofCode
from ..prooffile import StatementProof
from ..steps import Finding

# A clock may be so far behind that of the witnesses.
_AHEAD_MS: Final = 5 * 60_000
_UNITS: Final = ((86_400, "day(s)"), (3_600, "hour(s)"), (60, "minute(s)"))


def judge_pack(
    pack: PackProof | ProofCode, *, policy: Policy, ring: KeyRing, now_ms: int
) -> tuple[Finding, ...]:
    """All findings, and the age of the head by this machine's clock.

    Raises:
        ProofError: `step` names the failed one.
    """
    if isinstance(pack, ProofCode):
        shown = verify_proof_code(code=pack, policy=policy, ring=ring)
    else:
        shown = verify_pack_proof(proof=pack, policy=policy, ring=ring)
    if shown.seen_ms is None:
        return shown.findings
    return *shown.findings, _judge_age(now_ms - shown.seen_ms)


def statements_of(packs: Sequence[PackProof | ProofCode]) -> Iterator[StatementProof]:
    """The proofs of statements inside; a code's statement shows no keys."""
    for pack in packs:
        if isinstance(pack, PackProof):
            yield pack.statement
            steps = (each for each in pack.history if isinstance(each, ShownStep))
            yield from (each.proof for each in steps)


def _judge_age(age_ms: int) -> Finding:
    if age_ms < -_AHEAD_MS:
        text = "by this machine's clock that is to come: one of the clocks is wrong"
        return Finding(14, text, is_doubtful=True)
    return Finding(14, f"by this machine's clock that is {_spoken(age_ms)} ago")


def _spoken(age_ms: int) -> str:
    seconds = max(0, age_ms) // 1_000
    for size, name in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{seconds} second(s)"

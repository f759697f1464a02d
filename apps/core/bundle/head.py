"""The checkpoint of a bundle: who signed it, and how fresh it is; steps 2 and 3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..bodies import Genesis
from ..checkpoint import SignedCheckpoint
from ..encoding import format_time_ms
from ..errors import ProofError
from ..notekey import cosignature_time
from ..places import policy_of
from ..policy import NO_QUORUM, Policy, open_trusted_checkpoint
from ..steps import Finding

HEAD_STEP: Final = 2
FRESH_STEP: Final = 3


@dataclass(frozen=True, slots=True)
class Demands:
    """What the reader believes and wants.

    Args:
        genesis_id: id of the genesis statement, as the operator gave it out.
        checkpoint: a signed note that the reader has; b"" for none. A bundle of an
            older one is refused.
        not_before_ms: the oldest head that will do; 0 for any.
        tag_key: K_tag, for a reader who has it; b"" for none.
    """

    policy: Policy
    genesis_id: str
    checkpoint: bytes = b""
    not_before_ms: int = 0
    tag_key: bytes = b""


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint that the reader believes.

    Args:
        time_ms: of its last run of leaves.
        seen_ms: when a quorum of witnesses saw it last; 0 where none is asked for.
    """

    signed: SignedCheckpoint
    time_ms: int
    seen_ms: int

    @property
    def fresh_ms(self) -> int:
        """Up to when the log is known to have had nothing more."""
        return max(self.time_ms, self.seen_ms)


def open_head(
    note: bytes, *, genesis: Genesis, time_ms: int, demands: Demands
) -> tuple[Head, list[Finding]]:
    """The checkpoint in `note`; step 2.

    Args:
        time_ms: of its map-root leaf.

    Raises:
        ProofError: `log_not_of_genesis`, `no_quorum`.
        UntrustedSignature: of no log of the policy.
        MalformedInput: no checkpoint.
    """
    policy = policy_of(demands.policy, genesis)
    signed = open_trusted_checkpoint(note, policy)
    if signed.checkpoint.origin != genesis.origin:
        raise ProofError(
            "other_ledger", got=signed.checkpoint.origin, wanted=genesis.origin
        )
    head = Head(signed, time_ms, _seen_ms(signed, policy))
    size = signed.checkpoint.tree_size
    has_witnesses = policy.quorum != NO_QUORUM
    quorum = "quorum is met" if has_witnesses else "no witness is asked for"
    return head, [
        Finding(HEAD_STEP, f"signed head of {genesis.origin} at size {size}"),
        Finding(HEAD_STEP, f"witnesses: {quorum}", is_shown=has_witnesses),
    ]


def judge_freshness(head: Head, *, genesis: Genesis, demands: Demands) -> list[Finding]:
    """Step 3: the head is not older than the reader demands.

    Raises:
        ProofError: `older_checkpoint`, `log_forked`.
    """
    found = [Finding(FRESH_STEP, f"as of {describe(head)}")]
    if head.fresh_ms < demands.not_before_ms:
        raise ProofError(
            "older_checkpoint",
            field="checkpoint",
            got=format_time_ms(head.fresh_ms),
            wanted=f"{format_time_ms(demands.not_before_ms)} or later",
        )
    if not demands.checkpoint:
        text = "no other checkpoint was given to compare it with (--checkpoint)"
        return [*found, Finding(FRESH_STEP, text, is_shown=False)]
    ours = head.signed.checkpoint
    policy = policy_of(demands.policy, genesis)
    theirs = open_trusted_checkpoint(demands.checkpoint, policy).checkpoint
    if ours.tree_size < theirs.tree_size:
        raise ProofError(
            "older_checkpoint",
            field="checkpoint",
            got=f"size {ours.tree_size}",
            wanted=f"size {theirs.tree_size} or more",
        )
    if ours.tree_size > theirs.tree_size:
        text = (
            f"newer than the one given (size {theirs.tree_size}); that it goes on from"
            " it is for pharmatrace-monitor to show"
        )
        return [*found, Finding(FRESH_STEP, text, is_shown=False)]
    if ours.root_hash != theirs.root_hash:
        raise ProofError(
            "log_forked",
            field="checkpoint",
            got=ours.root_hash.hex(),
            wanted=theirs.root_hash.hex(),
        )
    return [*found, Finding(FRESH_STEP, "the checkpoint given is the same")]


def describe(head: Head) -> str:
    """Size and times of a head, in words."""
    text = f"size {head.signed.checkpoint.tree_size}, {format_time_ms(head.time_ms)}"
    if head.seen_ms > head.time_ms:
        text += f", seen unchanged by witnesses {format_time_ms(head.seen_ms)}"
    return f"{text}; what was said later is not in it"


def _seen_ms(signed: SignedCheckpoint, policy: Policy) -> int:
    """The latest moment by which witnesses enough for a quorum had cosigned."""
    if policy.quorum == NO_QUORUM:
        return 0
    times = {
        (each.name, each.key_id): cosignature_time(each.signature)
        for each in signed.cosignatures
    }
    names = [
        (times[witness.key.name, witness.key.key_id], witness.name)
        for witness in policy.witnesses
        if (witness.key.name, witness.key.key_id) in times
    ]
    cosigned: list[str] = []
    for seconds, name in sorted(names, reverse=True):
        cosigned.append(name)
        if policy.is_quorum(cosigned):
            return seconds * 1_000
    return 0

"""Where leaves stand in the log, and under whose head: steps 7 to 10 of the verifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from .bodies import Genesis
from .checkpoint import Checkpoint, open_checkpoint
from .encoding import format_time_ms
from .errors import ProofError
from .keyring import KeyRing
from .leaf import ZEROS, Leaf, LeafType
from .merkle import verify_inclusion
from .note import Note
from .notekey import VerifierKey
from .policy import Policy, open_trusted_checkpoint
from .proof import TlogProof
from .prooffile import Placed, StatementProof
from .steps import Finding, at_step

LATE_AFTER_MS: Final = 60_000
"""So much before the last checkpoint's time may a statement have been accepted."""


def policy_within(policy: Policy, ring: KeyRing) -> Policy:
    """The part of `policy` whose log keys are those of the genesis that was wanted.

    A policy is a file that somebody handed out; the id of genesis fixes the keys.

    Raises:
        ProofError: `log_not_of_genesis`: nothing of it is left.
    """
    is_rooted = any(each.has_standing for each in ring.keys.values())
    if ring.genesis is None or not is_rooted:
        return policy
    return policy_of(policy, ring.genesis)


def policy_of(policy: Policy, genesis: Genesis) -> Policy:
    """The part of `policy` whose log keys are those that `genesis` names.

    Raises:
        ProofError: `log_not_of_genesis`: nothing of it is left.
    """
    named = {VerifierKey.parse(text) for text in genesis.log_vkeys}
    logs = tuple(log for log in policy.logs if log.key in named)
    if not logs:
        raise ProofError(
            "log_not_of_genesis",
            field="policy",
            got=", ".join(log.key.format() for log in policy.logs) or "no log",
            wanted=", ".join(genesis.log_vkeys),
        )
    return replace(policy, logs=logs)


def verify_places(
    leaves: Sequence[tuple[Leaf, TlogProof]], policy: Policy, ring: KeyRing
) -> list[Finding]:
    """Steps 7 to 9 for leaves and their proofs.

    Raises:
        ProofError: `step` names the failed one.
    """
    with at_step(7):
        for leaf, proof in leaves:
            _verify_included(leaf, proof)
    with at_step(8):
        policy = policy_within(policy, ring)
        heads = {
            open_checkpoint(
                proof.checkpoint, log_keys=[log.key for log in policy.logs]
            ).checkpoint
            for _, proof in leaves
        }
    with at_step(9):
        for _, proof in leaves:
            open_trusted_checkpoint(proof.checkpoint, policy)
    places = ", ".join(str(proof.index) for _, proof in leaves)
    sizes = " and ".join(f"{head.origin} at size {head.tree_size}" for head in heads)
    quorum = "no witness is asked for" if policy.quorum == "none" else "quorum is met"
    return [
        Finding(7, f"included at index {places}"),
        Finding(8, f"signed head of {sizes}"),
        Finding(9, f"witnesses: {quorum}", is_shown=policy.quorum != "none"),
    ]


def verify_place(
    leaf: Leaf, proof: TlogProof, policy: Policy, ring: KeyRing
) -> list[Finding]:
    """Steps 7 to 9 for a bare tlog-proof, which has no map root for step 10.

    Raises:
        ProofError: `step` names the failed one.
    """
    nothing = Finding(10, "a bare tlog-proof brings no map root", is_shown=False)
    return [*verify_places([(leaf, proof)], policy, ring), nothing]


def judge_map_roots(proof: StatementProof, policy: Policy) -> list[Finding]:
    """Step 10: the last leaf is the map root; those around the leaves tell the time.

    Raises:
        ProofError: a map root that is none, is not the last leaf, stands under
            another head than the leaves, or is not the neighbour it is said to be.
    Source: DESIGN section 3, "Leaf v1" and "Map root, in band".
    """
    if proof.map_root is None:
        return [Finding(10, "no map root is brought", is_shown=False)]
    _, last = proof.map_root
    _verify_map_root(proof, proof.map_root, policy, where="map_root")
    if last.index != head_of(last).tree_size - 1:
        raise ProofError("map_root_not_last", got=last.index)
    found = Finding(10, f"the map root is the last leaf, index {last.index}")
    if proof.after is None:
        text = "not shown when the ledger took it in: no map roots around the leaves"
        return [found, Finding(10, text, is_shown=False)]
    _verify_map_root(proof, proof.after, policy, where="after")
    if proof.before is not None:
        _verify_map_root(proof, proof.before, policy, where="before")
    _verify_around(proof, proof.before, proof.after)
    return [found, _judge_time(proof.accepted_ms, proof.before, proof.after)]


def _verify_map_root(
    proof: StatementProof, placed: Placed, policy: Policy, *, where: str
) -> None:
    leaf, place = placed
    if leaf.kind is not LeafType.MAP_ROOT:
        raise ProofError("wrong_leaf_type", field=where, got=leaf.kind.name)
    _verify_included(leaf, place)
    open_trusted_checkpoint(place.checkpoint, policy)
    if any(head_of(each.proof) != head_of(place) for each in proof.leaves):
        raise ProofError("other_checkpoint", field=where)


def _verify_around(proof: StatementProof, before: Placed | None, after: Placed) -> None:
    """The leaves lie between `before` and `after`, and no map root lies there too."""
    first, last = proof.leaves[0], proof.leaves[-1]
    leaf, place = after
    low, seq, previous = -1, 0, ZEROS
    if before is not None:
        low, seq = before[1].index, before[0].chain_seq + 1
        previous = before[0].leaf_hash
    if not low < first.proof.index <= last.proof.index < place.index:
        raise ProofError("not_around", field="after", got=[low, place.index])
    if (leaf.chain_seq, leaf.prev_leaf_hash) != (seq, previous):
        raise ProofError("not_neighbours", field="after", wanted="the next map root")
    if any(each.leaf.time_ms != leaf.time_ms for each in proof.leaves):
        raise ProofError("other_checkpoint", field="after", wanted="the leaves' time")
    if before is not None and before[0].time_ms > leaf.time_ms:
        raise ProofError("time_runs_back", field="before")


def _judge_time(accepted_ms: int, before: Placed | None, after: Placed) -> Finding:
    taken = format_time_ms(after[0].time_ms)
    if before is None:
        return Finding(10, f"taken in at {taken}, by the first run of the log")
    earliest_ms = before[0].time_ms - LATE_AFTER_MS
    if accepted_ms < earliest_ms:
        text = (
            f"late: accepted {format_time_ms(accepted_ms)}, and not taken in at "
            f"{format_time_ms(before[0].time_ms)} but only at {taken}"
        )
        return Finding(10, text, is_doubtful=True)
    return Finding(10, f"taken in at {taken}, the first run after it was accepted")


def _verify_included(leaf: Leaf, proof: TlogProof) -> None:
    head = head_of(proof)
    verify_inclusion(
        leaf_hash=leaf.leaf_hash,
        index=proof.index,
        tree_size=head.tree_size,
        path=proof.path,
        root_hash=head.root_hash,
    )


def head_of(proof: TlogProof) -> Checkpoint:
    """The head that a proof leads to; its signatures are not checked here."""
    return Checkpoint.parse(Note.parse(proof.checkpoint).text)
